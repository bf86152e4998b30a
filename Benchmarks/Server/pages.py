"""How long the server's own pages take, on a database of any size."""

import http.client
import re
import ssl
import statistics
import time
from urllib.parse import urlencode, urlsplit

from martlet import PASSWORD


class Pages:
    """An administrator's browser, on one connection, from a cookie of the pages."""

    def __init__(self, address):
        url = urlsplit(address)
        self.origin = address
        # The measurement is not about whom we speak to.
        self.connection = http.client.HTTPSConnection(
            url.hostname, url.port, timeout=60, context=ssl._create_unverified_context())
        self.cookies = {}

    def sign_in(self, username):
        _, _, html = self.request("GET", "/sign-in")
        token = re.search(r'name="token"[^>]* value="([^"]*)"', html).group(1)
        status, headers, _ = self.request(
            "POST", "/sign-in", {"username": username, "password": PASSWORD, "token": token})
        if status != 303 or "session" not in " ".join(self.cookies) and "page" not in " ".join(self.cookies):
            raise SystemExit(f"the administrator could not sign in: {status}")

    def request(self, method, path, form=None):
        headers = {"Accept": "text/html", "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin,
                        "Sec-Fetch-Site": "same-origin"}
        self.connection.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = self.connection.getresponse()
        html = answer.read().decode()
        for field in answer.headers.get_all("Set-Cookie", []):
            name, value = field.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.headers, html

    def show(self, path):
        """Milliseconds until the page is here whole, and the page."""
        before = time.perf_counter()
        status, _, html = self.request("GET", path)
        took = (time.perf_counter() - before) * 1000
        if status != 200:
            raise SystemExit(f"{path} was answered {status}")
        return took, html

    def paths(self):
        """Each page, some of them far into their lists, with the links that they themselves have."""
        paths = ["/account", "/console", "/console/users", "/console/users?order=name", "/console/users?q=user-",
                 "/console/sessions", "/console/sessions?state=ended", "/console/sessions?user=root",
                 "/console/clients", "/console/keys", "/console/revocations", "/console/events",
                 "/console/events?kind=sign_in", "/console/events?kind=replay", "/console/events?user=root",
                 # Of a kind that is rare, and of one that is not there.
                 "/console/events?kind=admin_action", "/console/events?kind=password_changed"]
        _, ended = self.show("/console/sessions?state=ended")
        paths.append(re.search(r'href="(/console/sessions/[^"?]+)"', ended).group(1))
        for listing, detail in (("/console/users", "/console/users/"), ("/console/sessions", "/console/sessions/"),
                                ("/console/events", None)):
            _, html = self.show(listing)
            if detail:
                paths.append(re.search(rf'href="({detail}[^"?]+)"', html).group(1))
            further = re.search(rf'href="({listing}\?[^"]*(?:before|after)=[^"]*)"', html)
            if further:
                paths.append(further.group(1).replace("&amp;", "&"))
        return paths

    def times(self, path, rounds):
        """The first time that it is shown, and the median and the longest of further times."""
        first, _ = self.show(path)
        further = [self.show(path)[0] for _ in range(rounds)]
        return first, statistics.median(further), max(further)
