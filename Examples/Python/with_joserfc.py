"""Verifies Martlet's access tokens with joserfc, and refuses those that were revoked.

    python with_joserfc.py ISSUER AUDIENCE CLIENT SECRET_FILE [CA_FILE]

reads tokens from standard input, one a line, and says of each whether it is good.
"""

import sys
import time

import joserfc.errors
import joserfc.jwk
import joserfc.jwt
import requests

from martlet_denylist import Denylist, Refused

# Those that Martlet signs with.
ALGORITHMS = ["ES256", "EdDSA", "RS256", "PS256"]


class Verifier:
    def __init__(self, issuer, audience, client_id, secret, ca=None):
        self._verify = ca or True
        metadata = requests.get(
            issuer + "/.well-known/oauth-authorization-server", verify=self._verify, timeout=10)
        metadata.raise_for_status()
        self._keys_url = metadata.json()["jwks_uri"]
        self._fetch_keys()
        self._claims = joserfc.jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer}, aud={"essential": True, "value": audience},
            exp={"essential": True}, sub={"essential": True}, client_id={"essential": True},
            iat={"essential": True}, jti={"essential": True})
        self._denylist = Denylist(issuer, client_id, secret, verify=self._verify)
        self._denylist.start()
        self._denylist.wait_until_fresh(10)

    def verify(self, token):
        """The claims. Raises `joserfc.errors.JoseError`, `ValueError` or `Refused`."""
        decoded = self._decode(token)
        if decoded.header.get("typ") != "at+jwt":
            raise Refused("not an access token (RFC 9068)")
        self._claims.validate(decoded.claims)
        self._denylist.check(decoded.claims)
        return decoded.claims

    def _decode(self, token):
        try:
            return joserfc.jwt.decode(token, self._keys, algorithms=ALGORITHMS)
        except joserfc.errors.InvalidKeyIdError:
            # Perhaps a new key. Not for every forgery, though.
            if time.monotonic() < self._fetched_at + 10:
                raise
            self._fetch_keys()
            return joserfc.jwt.decode(token, self._keys, algorithms=ALGORITHMS)

    def _fetch_keys(self):
        answer = requests.get(self._keys_url, verify=self._verify, timeout=10)
        answer.raise_for_status()
        self._keys = joserfc.jwk.KeySet.import_key_set(answer.json())
        self._fetched_at = time.monotonic()


def main():
    issuer, audience, client_id, secret_file, *ca = sys.argv[1:]
    with open(secret_file) as file:
        verifier = Verifier(issuer, audience, client_id, file.read().strip(), *ca)
    for line in sys.stdin:
        try:
            print("good", verifier.verify(line.strip())["sub"], flush=True)
        except (joserfc.errors.JoseError, ValueError, Refused) as error:
            print("bad", type(error).__name__, error, flush=True)


if __name__ == "__main__":
    main()
