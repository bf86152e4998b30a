"""Verifies Martlet's access tokens with PyJWT, and looks up in Token Status Lists whether they were revoked.

    python with_status_list.py ISSUER AUDIENCE [CA_FILE]

reads tokens from standard input, one a line, and says of each whether it is good. For a service that follows no feed:
it needs no client of its own, and hears of a revocation ten seconds late at most. The server has `statusList: true`.

Needs `PyJWT[crypto]` and `requests`.
"""

import base64
import ssl
import sys
import time
import zlib

import jwt
import requests

# Those that Martlet signs with; never what the token says.
ALGORITHMS = ["ES256", "EdDSA", "RS256", "PS256"]


class Refused(Exception):
    """The token is revoked, or nobody can say that it is not."""


class StatusLists:
    """The lists of one issuer, each kept for as long as it says (draft-ietf-oauth-status-list)."""

    def __init__(self, issuer, keys, ca=None):
        self._issuer, self._keys = issuer, keys
        self._session = requests.Session()
        self._ca = ca or True
        self._lists = {}

    def check(self, claims):
        """Raises `Refused`, unless the token with these verified claims is not revoked."""
        try:
            place = claims["status"]["status_list"]
            uri, index = place["uri"], place["idx"]
        except (KeyError, TypeError):
            raise Refused("it names no status list") from None
        bits = self._bits(uri)
        if type(index) is not int or not 0 <= index < len(bits) * 8:
            raise Refused("its status list does not go so far")
        if bits[index // 8] >> index % 8 & 1:
            raise Refused("revoked")

    def _bits(self, uri):
        bits, until = self._lists.get(uri, (None, 0))
        # By the monotonic clock, which nobody sets back.
        now = time.monotonic()
        if now >= until:
            try:
                bits, time_to_live = self._fetch(uri)
            except (jwt.PyJWTError, requests.RequestException, KeyError, TypeError, ValueError, zlib.error) as error:
                raise Refused("its status list cannot be had") from error
            self._lists = {
                uri: kept for uri, kept in self._lists.items() if kept[1] > now
            } | {uri: (bits, now + time_to_live)}
        return bits

    def _fetch(self, uri):
        if not uri.startswith(self._issuer + "/"):
            raise ValueError("a list of somebody else's")
        answer = self._session.get(
            uri, headers={"Accept": "application/statuslist+jwt"}, timeout=10,
            # Not of the session, where REQUESTS_CA_BUNDLE in the environment counts for more.
            verify=self._ca)
        answer.raise_for_status()
        token = answer.text
        if jwt.get_unverified_header(token).get("typ") != "statuslist+jwt":
            raise ValueError("not a status list")
        claims = jwt.decode(
            token, self._keys.get_signing_key_from_jwt(token), algorithms=ALGORITHMS, issuer=self._issuer,
            leeway=60, options={"require": ["iss", "sub", "iat", "exp", "ttl", "status_list"], "verify_aud": False})
        if claims["sub"] != uri or claims["status_list"]["bits"] != 1:
            raise ValueError("not this list")
        text = claims["status_list"]["lst"]
        # No more than a list has, whatever it was made of.
        bits = zlib.decompressobj().decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), 1 << 20)
        return bits, claims["ttl"]


class Verifier:
    def __init__(self, issuer, audience, ca=None):
        self._issuer, self._audience = issuer, audience
        metadata = requests.get(
            issuer + "/.well-known/oauth-authorization-server", verify=ca or True, timeout=10)
        metadata.raise_for_status()
        self._keys = jwt.PyJWKClient(
            metadata.json()["jwks_uri"], ssl_context=ssl.create_default_context(cafile=ca))
        self._status_lists = StatusLists(issuer, self._keys, ca)

    def verify(self, token):
        """The claims. Raises `jwt.PyJWTError` or `Refused`."""
        if jwt.get_unverified_header(token).get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("not an access token (RFC 9068)")
        claims = jwt.decode(
            token, self._keys.get_signing_key_from_jwt(token), algorithms=ALGORITHMS,
            audience=self._audience, issuer=self._issuer,
            options={"require": ["iss", "aud", "sub", "client_id", "iat", "exp", "jti"]})
        self._status_lists.check(claims)
        return claims


def main():
    verifier = Verifier(*sys.argv[1:])
    for line in sys.stdin:
        try:
            print("good", verifier.verify(line.strip())["sub"], flush=True)
        except (jwt.PyJWTError, Refused) as error:
            print("bad", type(error).__name__, error, flush=True)


if __name__ == "__main__":
    main()
