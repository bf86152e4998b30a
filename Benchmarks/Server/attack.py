"""Wrong passwords at a rate against one user, and the user, who signs in all the while."""

import http.client
import json
import ssl
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from martlet import PASSWORD

NETWORKS = 2_000


class Attack:
    """Half of the attempts come from one network, the others from many. The server has to trust loopback as a proxy."""

    def __init__(self, address, rate, threads=8):
        self.address, self.rate, self.threads = address, rate, threads
        self.answers, self.honest = Counter(), []
        self.over = threading.Event()

    def __enter__(self):
        self.sign_in(self.connection(), PASSWORD, "192.0.2.7", "Firefox/140.0")
        self.running = [threading.Thread(target=self.attack, args=(number,)) for number in range(self.threads)]
        self.running.append(threading.Thread(target=self.user))
        self.started = time.monotonic()
        for thread in self.running:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.running:
            thread.join()
        self.seconds = time.monotonic() - self.started

    def connection(self):
        url = urlsplit(self.address)
        # The measurement is not about whom we speak to.
        return http.client.HTTPSConnection(
            url.hostname, url.port, timeout=30, context=ssl._create_unverified_context())

    def sign_in(self, connection, password, address, agent):
        body = json.dumps({"username": "bench", "password": password})
        connection.request("POST", "/v1/sessions", body, {
            "Content-Type": "application/json", "X-Forwarded-For": address, "User-Agent": agent})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def attack(self, thread):
        connection, number = self.connection(), thread
        start = time.monotonic()
        while not self.over.is_set():
            due = start + number / self.rate
            time.sleep(max(0, due - time.monotonic()))
            network = number // 2 % NETWORKS
            address = "203.0.113.66" if number % 2 else f"10.{network // 256}.{network % 256}.1"
            self.answers[self.sign_in(connection, f"wrong {number}", address, "attack/1")] += 1
            number += self.threads

    def user(self):
        """From home, and each time from a network that nobody has seen before."""
        number = 0
        while not self.over.is_set():
            for address, agent in (("192.0.2.7", "Firefox/140.0"), (f"198.51.{number % 256}.7", f"app/{number}")):
                before = time.monotonic()
                status = self.sign_in(self.connection(), PASSWORD, address, agent)
                self.honest.append((status, time.monotonic() - before))
            number += 1
            self.over.wait(1)
