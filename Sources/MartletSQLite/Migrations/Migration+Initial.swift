extension Migration {
    static let initial = Migration(
        sql: """
            CREATE TABLE users (
                id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
                username TEXT NOT NULL,
                username_key TEXT NOT NULL UNIQUE,
                email TEXT,
                roles TEXT NOT NULL,
                password_hash TEXT NOT NULL,
                security_version INTEGER NOT NULL,
                created_at INTEGER NOT NULL,
                password_changed_at INTEGER NOT NULL,
                disabled_at INTEGER
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE clients (
                id TEXT NOT NULL PRIMARY KEY,
                secret_hash BLOB CHECK (length(secret_hash) = 32),
                scopes TEXT NOT NULL,
                audience TEXT,
                profile TEXT,
                access_lifetime INTEGER,
                idle_limit INTEGER,
                absolute_limit INTEGER,
                rotation_mode TEXT,
                created_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE keys (
                kind TEXT NOT NULL,
                id TEXT NOT NULL,
                algorithm TEXT NOT NULL,
                sealed BLOB NOT NULL,
                created_at INTEGER NOT NULL,
                active_at INTEGER NOT NULL,
                PRIMARY KEY (kind, id)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE user_agents (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                text TEXT NOT NULL UNIQUE
            ) STRICT;

            -- A session's users and clients may be gone: it is kept for a while, to say why it ended.
            CREATE TABLE sessions (
                id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
                user_id BLOB NOT NULL CHECK (length(user_id) = 16),
                client_id TEXT NOT NULL,
                delivery TEXT NOT NULL,
                seed_hash BLOB NOT NULL CHECK (length(seed_hash) = 32),
                binding_key TEXT,
                parent_id BLOB CHECK (length(parent_id) = 16),
                device TEXT,
                created_at INTEGER NOT NULL,
                authenticated_at INTEGER NOT NULL,
                idle_limit INTEGER NOT NULL,
                absolute_limit INTEGER NOT NULL,
                head BLOB NOT NULL CHECK (length(head) = 16),
                head_generation INTEGER NOT NULL,
                previous BLOB CHECK (length(previous) = 16),
                advanced_at INTEGER,
                last_seen_at INTEGER NOT NULL,
                last_address TEXT NOT NULL,
                last_user_agent INTEGER,
                ended_at INTEGER,
                end_reason TEXT,
                sweep_at INTEGER NOT NULL,
                CHECK ((ended_at IS NULL) = (end_reason IS NULL))
            ) STRICT, WITHOUT ROWID;

            -- None of these has a column that an advance writes.
            CREATE INDEX sessions_of_user ON sessions (user_id, id);
            CREATE INDEX sessions_to_sweep ON sessions (sweep_at) WHERE ended_at IS NULL;
            CREATE INDEX sessions_to_forget ON sessions (ended_at) WHERE ended_at IS NOT NULL;

            CREATE TABLE change_counter (
                id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
                value INTEGER NOT NULL
            ) STRICT;
            INSERT INTO change_counter (id, value) VALUES (1, 0);

            CREATE TRIGGER users_inserted AFTER INSERT ON users
                BEGIN UPDATE change_counter SET value = value + 1; END;
            CREATE TRIGGER users_updated AFTER UPDATE ON users
                BEGIN UPDATE change_counter SET value = value + 1; END;
            CREATE TRIGGER users_deleted AFTER DELETE ON users
                BEGIN UPDATE change_counter SET value = value + 1; END;
            CREATE TRIGGER clients_inserted AFTER INSERT ON clients
                BEGIN UPDATE change_counter SET value = value + 1; END;
            CREATE TRIGGER clients_updated AFTER UPDATE ON clients
                BEGIN UPDATE change_counter SET value = value + 1; END;
            CREATE TRIGGER clients_deleted AFTER DELETE ON clients
                BEGIN UPDATE change_counter SET value = value + 1; END;
            CREATE TRIGGER keys_inserted AFTER INSERT ON keys
                BEGIN UPDATE change_counter SET value = value + 1; END;
            CREATE TRIGGER keys_updated AFTER UPDATE ON keys
                BEGIN UPDATE change_counter SET value = value + 1; END;
            CREATE TRIGGER keys_deleted AFTER DELETE ON keys
                BEGIN UPDATE change_counter SET value = value + 1; END;
            """
    )
}
