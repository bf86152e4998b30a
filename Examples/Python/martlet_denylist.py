"""Follows Martlet's revocation feed, so that a token is refused as soon as it is revoked.

    denylist = Denylist("https://auth.example.com", "notes-api", secret)
    denylist.start()
    ...
    claims = jwt.decode(...)      # signature, issuer, audience and times, as ever
    denylist.check(claims)        # raises Refused

The client is a confidential one with the scope `revocations:read` and the audience of this service:

    martlet client add notes-api --scope revocations:read --audience https://notes.example.com

Needs `requests`.
"""

import json
import random
import threading
import time

import requests


class Refused(Exception):
    """The token is revoked, or nobody can say that it is not."""


class BrokenFeed(Exception):
    """The feed said something that cannot be acted on."""


class Denylist:
    """The entries in force, and whether they are up to date.

    `bound` is for how many seconds the feed may be silent. The server sends something every two.
    `verify` is what `requests` takes: True, or the path of a CA's certificate.
    """

    def __init__(self, issuer, client_id, secret, *, bound=10, verify=True):
        self._issuer, self._client, self._secret = issuer, client_id, secret
        self._bound, self._verify = bound, verify
        self._lock = threading.Lock()
        self._fresh_until = 0
        self._cursor = None
        # What is denied: until when, and for users, clients and everyone, which tokens.
        self._ids = {"session": {}, "token": {}}
        self._times = {"user": {}, "client": {}, "all": {}}
        self._sweep_at = 0

    def start(self):
        """Follows the feed from now on, on a thread that ends with the program."""
        threading.Thread(target=self._follow, name="martlet-denylist", daemon=True).start()

    def wait_until_fresh(self, timeout):
        """Whether the list was up to date within so many seconds."""
        end = time.monotonic() + timeout
        while not self.is_fresh:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    @property
    def is_fresh(self):
        return time.monotonic() < self._fresh_until

    def check(self, claims):
        """Raises `Refused`, unless the token with these verified claims is not revoked."""
        if not self.is_fresh:
            raise Refused("it is not known what was revoked lately")
        with self._lock:
            if claims.get("sid") in self._ids["session"] or claims["jti"] in self._ids["token"]:
                raise Refused("revoked")
            made_at = _made_at(claims)
            for kind, id in (("user", claims["sub"]), ("client", claims["client_id"]), ("all", None)):
                before, _ = self._times[kind].get(id, (0, 0))
                if made_at < before:
                    raise Refused("revoked")

    # The feed

    def _follow(self):
        pause = 0.1
        while True:
            try:
                for event, update in self._events():
                    self._apply(event, update)
                    pause = 0.1
            except (requests.RequestException, BrokenFeed, OSError):
                # Nothing is forgotten meanwhile, and the list ages until it is no longer fresh.
                pass
            time.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, 5)

    def _events(self):
        answer = requests.post(
            self._issuer + "/oauth2/token", auth=(self._client, self._secret),
            data={"grant_type": "client_credentials", "scope": "revocations:read"},
            verify=self._verify, timeout=self._bound)
        answer.raise_for_status()
        headers = {"Authorization": "Bearer " + answer.json()["access_token"]}
        if self._cursor is not None:
            headers["Last-Event-ID"] = self._cursor
        with requests.get(
            self._issuer + "/v1/revocations/stream", headers=headers, stream=True, verify=self._verify,
            timeout=self._bound) as stream:
            stream.raise_for_status()
            fields = {}
            for line in stream.iter_lines(chunk_size=None, decode_unicode=True):
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields:
                    # Only an event that came whole counts.
                    try:
                        yield fields["event"], json.loads(fields["data"])
                    except (KeyError, ValueError) as error:
                        raise BrokenFeed from error
                    fields = {}

    def _apply(self, event, update):
        try:
            cursor, entries = update["cursor"], update["entries"]
            epoch, number = cursor.split(".")
            if self._cursor is not None:
                known_epoch, known_number = self._cursor.split(".")
                if epoch == known_epoch and int(number) < int(known_number):
                    raise BrokenFeed("the feed went back")
            if event not in ("snapshot", "changes", "heartbeat"):
                raise BrokenFeed("an event of an unknown kind")
            with self._lock:
                for entry in entries:
                    self._insert(entry)
                self._sweep()
        except (KeyError, TypeError, ValueError) as error:
            raise BrokenFeed from error
        self._cursor = cursor
        self._fresh_until = time.monotonic() + self._bound

    def _insert(self, entry):
        """Adds an entry. What is there already only ever grows, also by a snapshot."""
        kind, until = entry["kind"], int(entry["until"])
        if kind in self._ids:
            ids = self._ids[kind]
            ids[entry["id"]] = max(until, ids.get(entry["id"], 0))
        elif kind in self._times:
            id = None if kind == "all" else entry["id"]
            before, known_until = self._times[kind].get(id, (0, 0))
            self._times[kind][id] = (max(before, int(entry["before"])), max(until, known_until))
        else:
            raise BrokenFeed("an entry of an unknown kind")

    def _sweep(self):
        """Forgets what covers nothing alive any more."""
        now = time.time() * 1000
        if now < self._sweep_at:
            return
        self._sweep_at = now + 60_000
        for kind, ids in self._ids.items():
            self._ids[kind] = {id: until for id, until in ids.items() if until > now}
        for kind, times in self._times.items():
            self._times[kind] = {id: value for id, value in times.items() if value[1] > now}


def _made_at(claims):
    """When the token's session was made, in milliseconds: a UUID of version 7 begins with it (RFC 9562 §5.7)."""
    digits = claims.get("sid", "").replace("-", "")
    if len(digits) == 32 and digits[12] == "7":
        return int(digits[:12], 16)
    return claims["iat"] * 1000
