"""Verifies Martlet's access tokens with PyJWT, and refuses those that were revoked.

    python with_pyjwt.py ISSUER AUDIENCE CLIENT SECRET_FILE [CA_FILE]

reads tokens from standard input, one a line, and says of each whether it is good.
"""

import ssl
import sys

import jwt
import requests

from martlet_denylist import Denylist, Refused


class Verifier:
    def __init__(self, issuer, audience, client_id, secret, ca=None):
        self._issuer, self._audience = issuer, audience
        metadata = requests.get(
            issuer + "/.well-known/oauth-authorization-server", verify=ca or True, timeout=10)
        metadata.raise_for_status()
        self._keys = jwt.PyJWKClient(
            metadata.json()["jwks_uri"], ssl_context=ssl.create_default_context(cafile=ca))
        self._denylist = Denylist(issuer, client_id, secret, verify=ca or True)
        self._denylist.start()
        self._denylist.wait_until_fresh(10)

    def verify(self, token):
        """The claims. Raises `jwt.PyJWTError` or `Refused`."""
        if jwt.get_unverified_header(token).get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("not an access token (RFC 9068)")
        claims = jwt.decode(
            token, self._keys.get_signing_key_from_jwt(token),
            # Those that Martlet signs with; never what the token says.
            algorithms=["ES256", "EdDSA", "RS256", "PS256"],
            audience=self._audience, issuer=self._issuer,
            options={"require": ["iss", "aud", "sub", "client_id", "iat", "exp", "jti"]})
        self._denylist.check(claims)
        return claims


def main():
    issuer, audience, client_id, secret_file, *ca = sys.argv[1:]
    with open(secret_file) as file:
        verifier = Verifier(issuer, audience, client_id, file.read().strip(), *ca)
    for line in sys.stdin:
        try:
            print("good", verifier.verify(line.strip())["sub"], flush=True)
        except (jwt.PyJWTError, Refused) as error:
            print("bad", type(error).__name__, error, flush=True)


if __name__ == "__main__":
    main()
