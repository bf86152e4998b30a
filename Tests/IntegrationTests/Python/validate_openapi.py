"""Holds a document against the OpenAPI specification, for OAuthClientTests.

Reads {"url": URL, "ca": file} from standard input and writes {"version": ..., "paths": [...], "errors": [...]}.
"""

import json
import signal
import sys

import openapi_spec_validator
import requests

signal.alarm(300)

request = json.load(sys.stdin)
document = requests.get(request["url"], verify=request["ca"], timeout=120).json()
errors = [error.message for error in openapi_spec_validator.OpenAPIV31SpecValidator(document).iter_errors()]
# A validator that finds nothing in a document without its title would find nothing anywhere.
broken = {**document, "info": {}}
assert list(openapi_spec_validator.OpenAPIV31SpecValidator(broken).iter_errors())
json.dump({"version": document["openapi"], "paths": sorted(document["paths"]), "errors": errors}, sys.stdout)
