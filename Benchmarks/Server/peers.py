"""Other servers that rotate refresh tokens, each set up as its own documents say, on SQLite, signing ES256."""

import base64
import gzip
import hashlib
import json
import os
import re
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

from wrk import wrk

HERE = os.path.dirname(os.path.abspath(__file__))
# A set of packages of its own, made by Scripts/bench.sh.
PYTHON = os.path.join(HERE, "..", "..", ".venv-bench", "bin")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Peer:
    """A server of another make, in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.prepare()
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder, env=self.environment())
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.05)
        sys.exit(f"{self.name} did not start; see {self.folder}/log")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def environment(self):
        return dict(os.environ)

    def renewals(self, connections, seconds):
        """Renewals a second that were answered with new tokens. There are sessions to spare for those that fail."""
        self.make_tokens(64 * connections, f"{self.folder}/tokens")
        with open(f"{self.folder}/request", "w") as file:
            file.write("\n".join(self.request) + "\n")
        result = wrk(self.address, "peer", self.folder, connections, seconds)
        return (result.requests - result.refused) / result.seconds


class Django(Peer):
    """djangorestframework-simplejwt with ROTATE_REFRESH_TOKENS and BLACKLIST_AFTER_ROTATION, SQLite in WAL mode."""

    name = "Django simplejwt, gunicorn -w 2"
    request = ("/refresh", "application/json", '{"refresh":"', '"}', "refresh")

    def prepare(self):
        self.make_tokens(2, f"{self.folder}/tokens")

    def environment(self):
        return {**os.environ, "RENEWALS": self.folder}

    def command(self):
        return [f"{PYTHON}/gunicorn", "--workers", "2", "--worker-class", "gthread", "--threads", "4",
                "--bind", f"127.0.0.1:{self.port}", "--chdir", f"{HERE}/django-peer", "renewals:application"]

    def make_tokens(self, count, output):
        subprocess.run([f"{PYTHON}/python", f"{HERE}/django-peer/renewals.py", str(count), output],
                       check=True, env=self.environment())


class Glewlwyd(Peer):
    """Debian's glewlwyd, its OIDC plugin with one-time refresh tokens, SQLite."""

    name = "glewlwyd"
    request = ("/api/oidc/token", "application/x-www-form-urlencoded",
               "grant_type=refresh_token&client_id=bench&refresh_token=", "", "refresh_token")

    def prepare(self):
        with open("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3") as file:
            schema = file.read()
        with sqlite3.connect(f"{self.folder}/glewlwyd.db") as database:
            database.executescript(schema)
            database.execute("PRAGMA journal_mode = WAL")
        with gzip.open("/usr/share/doc/glewlwyd/glewlwyd.conf.sample.gz", "rt") as file:
            sample = file.read()
        for name, value in (
            ("port", self.port), ("external_url", f'"{self.address}"'), ("log_mode", '"console"'),
            ("log_level", '"ERROR"'), ("cookie_domain", '"127.0.0.1"'), ("cookie_secure", 0),
        ):
            sample = re.sub(rf"(?m)^{name}=.*", f"{name}={value}", sample)
        sample = re.sub(r'path = "/var/cache/.*"', f'path = "{self.folder}/glewlwyd.db"', sample)
        with open(f"{self.folder}/glewlwyd.conf", "w") as file:
            file.write(sample)

    def command(self):
        return ["glewlwyd", f"--config-file={self.folder}/glewlwyd.conf"]

    def __enter__(self):
        super().__enter__()
        key = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                             capture_output=True, text=True, check=True).stdout
        public = subprocess.run(["openssl", "ec", "-pubout"], input=key, capture_output=True, text=True, check=True).stdout
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        for method, path, body in (
            ("POST", "auth", {"username": "admin", "password": "password"}),
            ("POST", "mod/plugin", {"module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": True, "parameters": {
                "iss": self.address, "jwt-type": "ecdsa", "jwt-key-size": "256", "key": key, "cert": public,
                "access-token-duration": 1800, "refresh-token-duration": 604800, "code-duration": 600,
                "refresh-token-rolling": True, "refresh-token-one-use": "always", "allow-non-oidc": True,
                "auth-type-code-enabled": False, "auth-type-token-enabled": False, "auth-type-id-token-enabled": False,
                "auth-type-none-enabled": False, "auth-type-password-enabled": True, "auth-type-client-enabled": False,
                "auth-type-device-enabled": False, "auth-type-refresh-enabled": True, "scope": [], "claims": [],
                "additional-parameters": [], "subject-type": "public", "address-claim": {"type": "no"},
                "pkce-allowed": False, "service-documentation": "", "op-policy-uri": "", "op-tos-uri": "",
                "jwks-show": True, "jwks-x5c": [], "secret-type": "pairwise"}}),
            ("POST", "scope", {"name": "bench", "display_name": "bench", "password_required": True,
                               "password_max_age": 0, "scheme": {}, "scheme_required": {}}),
            ("PUT", "user/admin?source=database", {"username": "admin", "name": "admin", "email": "", "enabled": True,
                                                   "scope": ["g_admin", "g_profile", "bench"]}),
            ("POST", "client?source=database", {
                "client_id": "bench", "name": "bench", "enabled": True, "confidential": False, "scope": [],
                "authorization_type": ["refresh_token"], "redirect_uri": []}),
        ):
            opener.open(urllib.request.Request(
                f"{self.address}/api/{path}", data=json.dumps(body).encode(), method=method,
                headers={"Content-Type": "application/json"})).close()
        return self

    def make_tokens(self, count, output):
        """As its sign-in stores them: a token's SHA-512, and its scopes."""
        now = int(time.time())
        tokens = []
        with sqlite3.connect(f"{self.folder}/glewlwyd.db") as database:
            for _ in range(count):
                token = secrets.token_urlsafe(96)
                tokens.append(token)
                digest = "{SHA512}" + base64.b64encode(hashlib.sha512(token.encode()).digest()).decode()
                row = database.execute(
                    """
                    INSERT INTO gpo_refresh_token (gpor_plugin_name, gpor_authorization_type, gpor_username,
                        gpor_client_id, gpor_issued_at, gpor_expires_at, gpor_last_seen, gpor_duration,
                        gpor_rolling_expiration, gpor_issued_for, gpor_token_hash, gpor_jti, gpor_enabled)
                    VALUES ('oidc', 2, 'admin', 'bench', ?, ?, ?, 604800, 1, '127.0.0.1', ?, ?, 1)
                    """,
                    (now, now + 604800, now, digest, secrets.token_hex(16))).lastrowid
                database.execute(
                    "INSERT INTO gpo_refresh_token_scope (gpor_id, gpors_scope) VALUES (?, 'bench')", (row,))
        for number in range(2):
            with open(f"{output}-{number + 1}", "w") as file:
                file.writelines(token + "\n" for token in tokens[number::2])
