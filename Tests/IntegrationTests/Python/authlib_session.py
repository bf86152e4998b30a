"""Stays signed in with Authlib's OAuth2Session, for OAuthClientTests.

Reads one JSON object from standard input:
  {"issuer": URL, "ca": file, "client": id, "secret": secret or null, "method": token_endpoint_auth_method,
   "token": {"access_token": ..., "refresh_token": ..., "expires_at": seconds, "token_type": "Bearer"}}
and writes what it saw to standard output.
"""

import json
import signal
import sys
import time

import requests
from authlib.integrations.requests_client import OAuth2Session, OAuthError

signal.alarm(300)

request = json.load(sys.stdin)
issuer, ca, token = request["issuer"], request["ca"], request["token"]
first = token["access_token"]
metadata = requests.get(issuer + "/.well-known/oauth-authorization-server", verify=ca, timeout=60).json()
assert metadata["issuer"] == issuer
assert request["method"] in metadata["token_endpoint_auth_methods_supported"]

updates = []


def update_token(token, refresh_token=None, access_token=None):
    updates.append({"new": token["refresh_token"], "old": refresh_token})


session = OAuth2Session(
    request["client"],
    request["secret"],
    token_endpoint_auth_method=request["method"],
    revocation_endpoint_auth_method=request["method"],
    token_endpoint=metadata["token_endpoint"],
    token=token,
    update_token=update_token,
    # Seconds ahead of expiry, of which Authlib's whole seconds may cost one. Its default of a minute would be ahead of
    # every token that lives for seconds. It does not try again what is refused, so a call has as long to arrive.
    leeway=8,
    default_timeout=60,
)
session.verify = ca
# Or a REQUESTS_CA_BUNDLE in the environment would win over it.
session.trust_env = False


def first_is_refused():
    answer = requests.get(issuer + "/v1/me", headers={"Authorization": "Bearer " + first}, verify=ca, timeout=60)
    return answer.status_code == 401 and answer.json()["code"] == "token_expired"


# A call now and then, as an app makes them, until several access tokens have come and the first one is dead.
statuses = set()
deadline = time.monotonic() + 200
while (len(updates) < 3 or not first_is_refused()) and time.monotonic() < deadline:
    statuses.add(session.get(issuer + "/v1/me").status_code)
    time.sleep(0.1)

answer = {
    "statuses": sorted(statuses),
    "updates": len(updates),
    "distinct": len({token["refresh_token"]} | {update["new"] for update in updates}),
    "chained": all(after["old"] == before["new"] for before, after in zip(updates, updates[1:])),
    "firstIsRefused": first_is_refused(),
}


def introspected(kind):
    url = metadata["introspection_endpoint"]
    return session.introspect_token(url, session.token[kind], token_type_hint=kind).json()


access, refresh = session.token["access_token"], session.token["refresh_token"]
answer["introspection"] = [introspected("access_token"), introspected("refresh_token")]
answer["revocation"] = session.revoke_token(
    metadata["revocation_endpoint"], refresh, token_type_hint="refresh_token"
).status_code
answer["introspectionAfterwards"] = [introspected("access_token"), introspected("refresh_token")]
answer["callAfterwards"] = requests.get(
    issuer + "/v1/me", headers={"Authorization": "Bearer " + access}, verify=ca, timeout=60
).status_code
try:
    session.refresh_token(metadata["token_endpoint"], refresh_token=refresh)
    answer["renewalAfterwards"] = None
except OAuthError as error:
    answer["renewalAfterwards"] = error.error
json.dump(answer, sys.stdout)
