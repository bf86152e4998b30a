"""Wrong passwords at a rate against one user, and the user, who signs in all the while."""

import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from martlet import PASSWORD

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "attack.lua")
# So many that the rate is kept while some wait for their password to be checked.
CONNECTIONS = 512
# How many seconds an answer takes in the mean; a connection's next wait begins with it.
ANSWER = 0.25
# Until all of them are open.
BEGINNING = 4
# For how many seconds the user tries again.
PATIENCE = 60


class Attack:
    """attack.lua, for so many seconds. The server has to trust loopback as a proxy."""

    def __init__(self, address, rate, seconds):
        self.address, self.rate, self.duration = address, rate, seconds
        # Of the user's sign-ins from each kind of place: how long each took, None for one that was given up; and how
        # many had to be tried again.
        self.user_took, self.tried_again = {"from home": [], "from a new network each": []}, Counter()
        # What went wrong where the user was not answered.
        self.failures = []
        self.over = threading.Event()

    def __enter__(self):
        # Once before, so that there is a home.
        self.sign_in(self.connection(), "192.0.2.7", "Firefox/140.0")
        pause = round((CONNECTIONS / self.rate - ANSWER) * 1000)
        self.wrk = subprocess.Popen(
            ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{BEGINNING + self.duration}s", "--timeout", "30s", "-s", SCRIPT, self.address,
             "--", str(pause)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.user = threading.Thread(target=self.come_and_go)
        self.user.start()
        time.sleep(BEGINNING)
        return self

    def __exit__(self, *_):
        output, errors = self.wrk.communicate()
        self.over.set()
        self.user.join()
        line = next((line for line in output.splitlines() if line.startswith("result ")), None)
        self.failures += [f"the attack: {line}" for line in output.splitlines() if line.startswith("else ")]
        if self.wrk.returncode != 0 or line is None:
            sys.exit(f"wrk failed:\n{output}{errors}")
        _, requests, seconds, *counts = line.split()
        self.requests, self.seconds = int(requests), float(seconds)
        self.answers = {name: int(count) for name, count in (pair.split("=") for pair in counts)}

    def connection(self):
        url = urlsplit(self.address)
        # The measurement is not about whom we speak to.
        return http.client.HTTPSConnection(
            url.hostname, url.port, timeout=30, context=ssl._create_unverified_context())

    def sign_in(self, connection, address, agent):
        """Gives the status, and after how many seconds to come back."""
        body = json.dumps({"username": "bench", "password": PASSWORD})
        connection.request("POST", "/v1/sessions", body, {
            "Content-Type": "application/json", "X-Forwarded-For": address, "User-Agent": agent})
        answer = connection.getresponse()
        answer.read()
        return answer.status, int(answer.headers.get("Retry-After", 0))

    def come_and_go(self):
        number = 0
        while not self.over.is_set():
            self.come_in("from home", "192.0.2.7", "Firefox/140.0")
            self.come_in("from a new network each", f"198.51.{number % 256}.7", f"app/{number}")
            number += 1
            self.over.wait(1)

    def come_in(self, place, address, agent):
        try:
            took = self.until_in(place, address, agent)
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{place}: {error!r}")
            took = None
        self.user_took[place].append(took)

    def until_in(self, place, address, agent):
        """Tries again when the server says so, as a client does; gives how long it took, or None where it is given up."""
        connection, begun = self.connection(), time.monotonic()
        while (answer := self.sign_in(connection, address, agent))[0] != 201:
            status, wait = answer
            self.tried_again[place] += 1
            if status not in (429, 503) or time.monotonic() - begun + wait > PATIENCE:
                return None
            time.sleep(wait)
        return time.monotonic() - begun
