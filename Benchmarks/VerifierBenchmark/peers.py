"""Verifies one token again and again with PyJWT and with joserfc, and prints what a verification takes.

    python peers.py JWKS TOKEN COUNT

prints a line for each library: its name and version, and seconds. Each checks what its users make it check: signature,
issuer, audience, expiry. The key is ready to use, as it is in a service.
"""

import json
import sys
import time

import joserfc
import joserfc.jwk
import joserfc.jwt
import jwt

ISSUER, AUDIENCE = "https://auth.example.com", "https://api.example.com"


def with_pyjwt(jwks, token):
    key = jwt.PyJWKSet.from_dict(jwks).keys[0]

    def verify():
        return jwt.decode(token, key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER)
    return f"PyJWT_{jwt.__version__}", verify


def with_joserfc(jwks, token):
    keys = joserfc.jwk.KeySet.import_key_set(jwks)
    registry = joserfc.jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}, exp={"essential": True})

    def verify():
        claims = joserfc.jwt.decode(token, keys, algorithms=["ES256"]).claims
        registry.validate(claims)
        return claims
    return f"joserfc_{joserfc.__version__}", verify


def main():
    jwks, token, count = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    for name, verify in (with_pyjwt(jwks, token), with_joserfc(jwks, token)):
        assert verify()["iss"] == ISSUER
        start = time.perf_counter()
        for _ in range(count):
            verify()
        print(name, (time.perf_counter() - start) / count)


if __name__ == "__main__":
    main()
