"""Two weeks of a small company's sign-ins, renewals, lost answers, forgotten passwords and one thief, on a real server
whose clock is told the time (libfaketime). What the pages then show has really happened.
"""

import datetime
import glob
import os
import random
import socket
import subprocess

from people import PASSWORD, Server

DAYS = 14
HOURS = (8, 12, 17)
AGENTS = {
    "phone": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
        "Mobile/15E148 Safari/604.1"),
    "pixel": (
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
        "Safari/537.36"),
    "mac": (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
        "Safari/605.1.15"),
    "windows": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
        "Safari/537.36"),
    "linux": "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
}
OFFICE = "198.51.100.20"
# Name, what they use beside the machine in the office, and where they live.
PEOPLE = [
    ("ada.moreau", "phone", "mac", "203.0.113.41"), ("ben.okafor", "pixel", "windows", "203.0.113.77"),
    ("chiara.rossi", "phone", "mac", "192.0.2.18"), ("dmitri.petrov", "pixel", "linux", "192.0.2.93"),
    ("elif.kaya", "phone", "windows", "203.0.113.150"), ("farah.nasser", "pixel", "mac", "192.0.2.201"),
    ("gustav.lind", "phone", "linux", "203.0.113.9"), ("hana.sato", "phone", "mac", "192.0.2.64"),
    ("ines.costa", "pixel", "windows", "203.0.113.118"), ("jonas.weber", "phone", "linux", "192.0.2.140"),
]
ADMINISTRATOR = "morgan.reyes"


class Clockwork:
    """A server on one port and one data folder that is started anew for each moment."""

    def __init__(self, martlet, folder):
        self.martlet, self.data = martlet, os.path.join(folder, "data")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        self.ca = self.data + "/tls/ca.pem"
        self.process = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MARTLET_")},
            "HOME": folder, "TZ": "UTC", "MARTLET_DATA": self.data, "MARTLET_MANAGEMENT_LISTEN": "127.0.0.1:0",
            "MARTLET_SIGN_UP": "open", "MARTLET_PASSWORDS_MEMORY": "7MiB", "MARTLET_RATE_LIMITS_ENABLED": "false",
            # So that people are where they say they are.
            "MARTLET_TRUSTED_PROXIES": "127.0.0.1,::1",
        }
        found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        assert found, "there is no libfaketime: run Scripts/install.sh --screenshots"
        self.library = found[0]

    def at(self, time=None):
        """Starts it at a moment; at the present one where none is named."""
        self.stop()
        environment = dict(self.environment)
        if time:
            environment |= {
                "LD_PRELOAD": self.library, "FAKETIME": f"@{time:%Y-%m-%d %H:%M:%S}", "DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
            }
        # By way of a shell: libfaketime adds a variable to the first program that it is loaded into, and Swift, which
        # finds its arguments before the variables, finds none.
        self.process = subprocess.Popen(
            ["sh", "-c", 'exec "$@"', "sh", self.martlet, "serve", "--listen", f"localhost:{self.port}", "--data", self.data], env=environment,
            stdout=subprocess.PIPE, stderr=open(self.data + ".log", "a"), text=True)
        for line in self.process.stdout:
            if line.startswith("ready: "):
                return Server(self.url, self.ca)
        raise AssertionError(open(self.data + ".log").read()[-2000:])

    def stop(self):
        """What it has counted is recorded then."""
        if self.process:
            self.process.terminate()
            self.process.stdout.read()
            assert self.process.wait() == 0
            self.process = None

    def run(self, *arguments, **more):
        subprocess.run([self.martlet, *arguments], env=self.environment, check=True, capture_output=True, text=True, **more)


def live_through(clockwork, now):
    """Plays the fortnight before `now`. Returns the id of the session whose token was stolen."""
    dice = random.Random(7)
    clockwork.run("user", "add", ADMINISTRATOR, "--role", "admin", "--password-stdin", input=PASSWORD)
    first = (now - datetime.timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    sessions, known, stolen = {}, [], None
    for day in range(DAYS):
        date = first + datetime.timedelta(days=day)
        weekend = date.weekday() >= 5
        for hour in HOURS:
            time = date + datetime.timedelta(hours=hour, minutes=dice.randrange(40))
            if time > now - datetime.timedelta(minutes=20):
                continue
            server = clockwork.at(time)
            if hour == HOURS[0] and len(known) < len(PEOPLE):
                joining = PEOPLE[len(known):len(known) + (4 if day == 0 else 1)]
                for name, *_ in joining:
                    server.sign_up(name, f"{name}@example.com")
                    known.append(name)
            for name, mobile, desk, home in PEOPLE[:len(known)]:
                if weekend and dice.random() < 0.7:
                    continue
                at_work = hour == 12 and not weekend
                address = OFFICE if at_work else home
                # Phones are on a network of their own, but for one that goes to the office now and then.
                wanders = name == "ada.moreau" and date.weekday() == 2
                if dice.random() < 0.07:
                    server.sign_in(name, password="forgotten again", agent=AGENTS[desk], **{"X-Forwarded-For": address})
                for kind, chance in ((mobile, 0.5), (desk, 0.8 if at_work else 0.35)):
                    session = sessions.get((name, kind))
                    if session is None:
                        if dice.random() < chance:
                            device = {"phone": "iPhone", "pixel": "Pixel 9"}.get(kind)
                            sessions[name, kind] = server.sign_in(
                                name, device=device and f"{name.split('.')[0].title()}’s {device}",
                                agent=AGENTS[kind], **{"X-Forwarded-For": address})
                        continue
                    session.server = server
                    session.headers["X-Forwarded-For"] = home if kind == mobile and not wanders else address
                    for _ in range(dice.randrange(2, 7)):
                        earlier = session.refresh
                        assert session.renew()
                        # The answer was lost.
                        if dice.random() < 0.012:
                            assert session.renew(earlier)
                    leaves = dice.random()
                    if leaves < 0.06 and (name, kind) != ("ada.moreau", "phone"):
                        session.sign_out()
                        # An app that had not heard of it yet.
                        if leaves < 0.02:
                            session.renew()
                        del sessions[name, kind]
            if day == DAYS - 3 and hour == 12:
                stolen = sessions.get(("ada.moreau", "phone")) or server.sign_in(
                    "ada.moreau", device="Ada’s iPhone", agent=AGENTS["phone"], **{"X-Forwarded-For": OFFICE})
                sessions["ada.moreau", "phone"] = stolen
                stolen.copy = stolen.refresh
            if stolen and day == DAYS - 2 and hour == 17 and stolen.id:
                earlier = stolen.refresh
                stolen.server = server
                stolen.renew(), stolen.renew(earlier), stolen.renew(), stolen.renew()
                server.post(
                    "/v1/sessions/refresh", {"refreshToken": stolen.copy},
                    **{"User-Agent": "python-requests/2.32", "X-Forwarded-For": "45.83.12.7"})
                assert not stolen.renew()
                sessions.pop(("ada.moreau", "phone"), None)
    clockwork.at(now - datetime.timedelta(minutes=16))
    clockwork.stop()
    return stolen.id
