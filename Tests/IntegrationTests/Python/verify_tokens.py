"""Verifies an access token with PyJWT's PyJWKClient and with joserfc, for OAuthClientTests.

Reads {"issuer": URL, "ca": file, "audience": aud, "algorithm": alg, "token": JWT} from standard input and writes what
each library read in it to standard output, and how each refused one that was tampered with.
"""

import base64
import json
import signal
import ssl
import sys

import joserfc.errors
import joserfc.jwk
import joserfc.jwt
import jwt
import requests

signal.alarm(300)

request = json.load(sys.stdin)
issuer, audience, algorithm, token = (request[name] for name in ("issuer", "audience", "algorithm", "token"))
metadata = requests.get(
    issuer + "/.well-known/oauth-authorization-server", verify=request["ca"], timeout=120
).json()


def tampered(token):
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["roles"] = ["admin"]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return ".".join([head, forged, signature])


client = jwt.PyJWKClient(metadata["jwks_uri"], ssl_context=ssl.create_default_context(cafile=request["ca"]))


def with_pyjwt(token):
    return jwt.decode(
        token,
        client.get_signing_key_from_jwt(token),
        algorithms=[algorithm],
        audience=audience,
        issuer=issuer,
        options={"require": ["iss", "aud", "sub", "client_id", "iat", "exp", "jti"]},
    )


keys = joserfc.jwk.KeySet.import_key_set(requests.get(metadata["jwks_uri"], verify=request["ca"], timeout=120).json())
registry = joserfc.jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": issuer},
    aud={"essential": True, "value": audience},
    sub={"essential": True},
    exp={"essential": True},
)


def with_joserfc(token):
    claims = joserfc.jwt.decode(token, keys, algorithms=[algorithm]).claims
    registry.validate(claims)
    return claims


def refusal(verify):
    try:
        verify(tampered(token))
    except (jwt.InvalidSignatureError, joserfc.errors.BadSignatureError) as error:
        return type(error).__name__
    return None


json.dump(
    {
        "header": jwt.get_unverified_header(token),
        "pyjwt": with_pyjwt(token),
        "joserfc": with_joserfc(token),
        "refusals": [refusal(with_pyjwt), refusal(with_joserfc)],
    },
    sys.stdout,
)
