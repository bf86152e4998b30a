"""People with an app each, who speak with the API: what the pages then tell of."""

import requests

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1")
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
PASSWORD = "correct horse battery"


class Server:
    """The API of a server."""

    def __init__(self, url, ca_file):
        self.url = url
        self.http = requests.Session()
        self.http.verify = ca_file
        # An environment with a list of CAs of its own would come before ours.
        self.http.trust_env = False

    def post(self, path, body, **headers):
        return self.http.post(self.url + path, json=body, headers=headers, timeout=60)

    def sign_up(self, name, email=None, password=PASSWORD, **headers):
        body = {"username": name, "password": password}
        if email:
            body["email"] = email
        answer = self.post("/v1/users", body, **headers)
        assert answer.status_code == 201, answer.text

    def sign_in(self, name, device=None, password=PASSWORD, agent=LAPTOP, **headers):
        body = {"username": name, "password": password}
        if device:
            body["device"] = device
        answer = self.post("/v1/sessions", body, **{"User-Agent": agent, **headers})
        return Session(self, answer.json(), {"User-Agent": agent, **headers}) if answer.ok else None


class Session:
    """A sign-in of an app."""

    def __init__(self, server, grant, headers):
        self.server = server
        self.headers = headers
        self.take(grant)

    def take(self, grant):
        self.id = grant["session"]["id"]
        self.refresh = grant["refreshToken"]["refreshToken"]
        self.access = grant["accessToken"]["token"]

    def renew(self, token=None, **headers):
        """Renews, with another token than the newest where one is given; whether it went well."""
        answer = self.server.post(
            "/v1/sessions/refresh", {"refreshToken": token or self.refresh}, **{**self.headers, **headers})
        if answer.ok:
            self.take(answer.json())
        return answer.ok

    def sign_out(self):
        return self.server.http.delete(
            self.server.url + "/v1/sessions/current",
            headers={**self.headers, "Authorization": "Bearer " + self.access}, timeout=60).ok

    @property
    def is_live(self):
        return self.server.http.get(
            self.server.url + "/v1/me", headers={"Authorization": "Bearer " + self.access}, timeout=60).ok
