// Settings of the SQLite library itself, for all of a process's connections.
//
// `sqlite3_config` takes a variable number of arguments, so Swift cannot call it.
#pragma once

/// Has SQLite keep no count of the memory that it uses. The count costs a lock at each allocation.
///
/// It has to come before the first connection. Where something else has used SQLite before, nothing changes.
void martlet_sqlite_count_no_memory(void);
