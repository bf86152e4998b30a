"""Signs and verifies access tokens with joserfc, for JoserfcPeerTests.

Reads one JSON object from standard input and writes one to standard output:
  {"do": "sign", "key": private JWK, "header": {...}, "claims": {...}}   -> {"token": "..."}
  {"do": "verify", "keys": JWK set, "token": "..."}                      -> {"header": {...}, "claims": {...}}
"""

import json
import sys

from joserfc import jwt
from joserfc.jwk import KeySet, import_key

ALGORITHMS = ["ES256", "EdDSA", "RS256", "PS256"]


def main():
    request = json.load(sys.stdin)
    if request["do"] == "sign":
        key = import_key(request["key"])
        answer = {"token": jwt.encode(request["header"], request["claims"], key, algorithms=ALGORITHMS)}
    else:
        keys = KeySet.import_key_set(request["keys"])
        token = jwt.decode(request["token"], keys, algorithms=ALGORITHMS)
        answer = {"header": token.header, "claims": token.claims}
    json.dump(answer, sys.stdout)


main()
