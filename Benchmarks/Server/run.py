#!/usr/bin/env python3
"""Measures a release build of `martlet serve`, and the servers that it is compared with. Uses loopback only.

Figures that depend on the machine are given as shares within one run: renewals per second are set against the
`/health/live` requests per second of the same server under the same load program, in turn, several times. What is
printed is a table of plain text; docs/performance.md explains it. A figure that is judged by an aim and misses it has
"MISSED" beside it; all else is measured all the same, and the exit status is 1.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from attack import Attack
from cpu import split_of_cpu
from martlet import Martlet
from pages import Pages
from peers import Django, Glewlwyd
from wrk import wrk

SECTIONS = ["start", "renewals", "commits", "cpu", "latency", "herd", "sizes", "events", "pages", "forgeries", "attack",
            "revocation", "peers"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def row(name, *columns):
    print(f"  {name:<38}" + "".join(f"{column:>13}" for column in columns), flush=True)


def headline(text, *columns):
    print(f"\n{text}")
    if columns:
        row("", *columns)


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.martlet = Martlet(options.martlet, options.tool, f"{folder}/data")
        self.missed = []

    def judged(self, name, figure, is_met):
        """A figure that has an aim, as it is printed. One that misses it is told of at the end, by its name."""
        if is_met:
            return figure
        self.missed.append(f"{name} ({figure})")
        return f"{figure} MISSED"

    def start(self):
        times = []
        for _ in range(9):
            with self.martlet.server() as server:
                times.append(server.startup * 1000)
        with self.martlet.server() as server:
            time.sleep(2)
            rss, anonymous = server.memory()
        stripped = f"{self.folder}/martlet"
        shutil.copy(self.options.martlet, stripped)
        subprocess.run(["strip", stripped], check=True)
        headline("Start, memory, size")
        row("start to ready", f"{statistics.median(times):.0f} ms")
        row("idle memory, private / RSS", f"{anonymous:.1f} MB", f"{rss:.1f} MB")
        row("stripped binary", f"{os.path.getsize(stripped) / 2**20:.1f} MB")

    def renewals(self):
        """Renewals a second as a share of bare requests a second, in turn."""
        headline("Renewals a second beside /health/live", "renewals", "live", "share")
        for tls in (False, True):
            for durability in ("relaxed", "full"):
                live, renewals = [], []
                with self.martlet.server(tls=tls, durability=durability) as server:
                    for number in range(self.options.rounds):
                        live.append(self.load(server, "live").rate)
                        renewals.append(self.renew(server).rate)
                        say(f"  {live[-1]:.0f} live, {renewals[-1]:.0f} renewals a second")
                share = statistics.median(renewed / bare for renewed, bare in zip(renewals, live))
                row(f"{'HTTPS' if tls else 'HTTP'}, {durability}", f"{statistics.median(renewals):.0f}",
                    f"{statistics.median(live):.0f}", f"{share:.2f}")
                self.best = max(getattr(self, "best", 0), statistics.median(renewals))

    def load(self, server, mode, *, connections=None, pause=None, threads=2, seconds=None):
        return wrk(server.address, mode, self.folder, connections or self.options.connections,
                   seconds or self.options.seconds, threads, pause)

    def renew(self, server, sessions=None, **load):
        self.martlet.fill(sessions or 8 * self.options.connections, f"{self.folder}/tokens")
        return self.load(server, "renew", **load)

    def commits(self):
        """In one process, without HTTP: what group commit is worth."""
        headline("Renewals a second without HTTP, 64 at a time", "group commit", "one each", "factor")
        for line in self.martlet.bench("commits"):
            durability, group, single = line.split()
            row(durability, group, single, f"{int(group) / int(single):.1f}")

    def cpu(self):
        """Where the server's CPU time goes."""
        headline("CPU of the server for a request, in us", "HTTP", "storage", "signing", "rest", "total")
        for tls in (False, True):
            with self.martlet.server(tls=tls) as server:
                before = server.cpu()
                bare = self.load(server, "live")
                live = (server.cpu() - before) / bare.requests * 1e6
                self.martlet.fill(8 * self.options.connections, f"{self.folder}/tokens")
                before = server.cpu()
                with split_of_cpu(server.process.pid, self.options.seconds, self.folder) as shares:
                    renewed = self.load(server, "renew")
                total = (server.cpu() - before) / renewed.requests * 1e6
            scheme = "HTTPS" if tls else "HTTP"
            row(f"{scheme}, renewal", *(f"{total * shares[name]:.0f}" for name in ("HTTP", "storage", "signing", "rest")),
                f"{total:.0f}")
            row(f"{scheme}, /health/live", f"{live:.0f}", "", "", "", f"{live:.0f}")

    def latency(self):
        """At about half of what the server can do, by connections that wait between their requests."""
        headline("Latency at half load, in ms", "p50", "p99", "p99.9", "a second")
        for durability in ("relaxed", "full"):
            with self.martlet.server(durability=durability) as server:
                most = self.renew(server).rate
                connections = 2 * self.options.connections
                pause = max(1, round(connections / (most / 2) * 1000))
                result = self.renew(server, sessions=8 * connections, connections=connections, pause=pause)
            row(f"HTTPS, {durability}", *(f"{value / 1000:.1f}" for value in result.percentiles),
                f"{result.rate:.0f}")

    def herd(self):
        headline("Clients that renew one session at once", "a second", "p99 in ms", "late (409)")
        # One session as fast as it goes is what the limits are against.
        with self.martlet.server(RATE_LIMITS_ENABLED="false") as server:
            for clients in (1, 10, 100):
                self.martlet.fill(1, f"{self.folder}/tokens", files=1)
                result = self.load(server, "herd", connections=clients, threads=1)
                row(f"{clients}", f"{result.rate:.0f}", f"{result.percentiles[1] / 1000:.1f}", f"{result.refused}")

    def sizes(self):
        headline("Sessions in the database", "renewals", "size", "a session")
        for sessions in (1_000, 100_000, 1_000_000):
            martlet = Martlet(self.options.martlet, self.options.tool, f"{self.folder}/data-{sessions}")
            say(f"  making {sessions} sessions …")
            martlet.fill(sessions, f"{self.folder}/tokens", tokens=min(sessions, 200_000))
            size = os.path.getsize(martlet.database)
            with martlet.server(tls=False) as server:
                rate = self.load(server, "renew", seconds=2 * self.options.seconds).rate
            row(f"{sessions}", f"{rate:.0f}", f"{size / 1e6:.1f} MB", f"{size / sessions:.0f} B")
            martlet.remove()

    def events(self):
        """What recording renewals costs them: in turn, with their number and unusual ones recorded, and with each."""
        headline("Renewals a second with events (counted/none at least 0.90)", "counted", "each", "none",
                 "counted/none", "each/none")
        rates = {"counted": [], "each": [], "none": []}
        for number in range(self.options.rounds):
            for renewals, found in rates.items():
                with self.martlet.server(tls=False, EVENTS_RENEWALS=renewals) as server:
                    self.renew(server, seconds=1)
                    found.append(self.renew(server).rate)
        shares = [statistics.median(with_events / without for with_events, without in zip(rates[name], rates["none"]))
                  for name in ("counted", "each")]
        row("HTTP, relaxed", *(f"{statistics.median(found):.0f}" for found in rates.values()),
            self.judged("renewals with events counted, at least 0.90 of those without", f"{shares[0]:.2f}",
                        shares[0] >= 0.90), f"{shares[1]:.2f}")

    def pages(self):
        """The server's own pages with a million sessions, as long as a browser beside it waits for each."""
        martlet = Martlet(self.options.martlet, self.options.tool, f"{self.folder}/data-pages")
        martlet.admin_and_reader(self.folder)
        say(f"  making {self.options.page_sessions} sessions and as many events …")
        martlet.fill(self.options.page_sessions, f"{self.folder}/page-tokens", tokens=1, files=1, events=True)
        headline(f"Pages with {self.options.page_sessions} sessions, in ms (median at most 30)", "first", "median",
                 "longest")
        with martlet.server() as server:
            pages = Pages(server.address)
            pages.sign_in("root")
            for path in pages.paths():
                times = pages.times(path, rounds=20)
                name = re.sub(r"[0-9A-Za-z_-]{16,}", "…", path)
                first, median, longest = (f"{took:.1f}" for took in times)
                row(name, first, self.judged(f"{name}, at most 30 ms", median, times[1] <= 30), longest)
        martlet.remove()

    def forgeries(self):
        refused, accesses, rate = self.martlet.bench("forgeries")[0].split()
        headline("Forgeries, right in all but the MAC", "refused", "a second", "accesses")
        row("accesses to storage", refused, rate, accesses)

    def attack(self):
        """10,000 wrong passwords a minute against one user, who signs in all the while, and renewals elsewhere."""
        headline("Renewals while a name is attacked, in ms", "p50", "p99", "p99.9", "a second")
        with self.martlet.server(TRUSTED_PROXIES="127.0.0.0/8") as server:
            # At a tenth of what it can do: the attack's own client shares the machine.
            most = self.renew(server).rate
            connections, seconds = self.options.connections, max(60, 3 * self.options.seconds)
            load = {"connections": connections, "pause": round(connections / (most / 10) * 1000), "seconds": seconds}
            calm = self.renew(server, **load)
            with Attack(server.address, rate=10_000 / 60, seconds=seconds + 2) as attack:
                attacked = self.renew(server, **load)
        for name, result in (("before", calm), ("meanwhile", attacked)):
            row(name, *(f"{value / 1000:.1f}" for value in result.percentiles), f"{result.rate:.0f}")
        factor = attacked.percentiles[1] / calm.percentiles[1]
        row("p99, factor (at most 3)", "",
            self.judged("p99 of renewals under attack, at most 3 times as long", f"{factor:.1f}", factor <= 3))
        headline("Wrong passwords meanwhile", "a minute", "checked", "told to wait", "queue full", "else")
        row("of the attack", f"{attack.requests / attack.seconds * 60:.0f}",
            *(str(attack.answers[name]) for name in ("401", "429", "503", "else")))
        headline("The user meanwhile, in ms", "signed in", "of", "tried again", "median", "slowest")
        for place, took in attack.user_took.items():
            inside = sorted(seconds * 1000 for seconds in took if seconds is not None) or [0]
            row(place, str(len(took) - took.count(None)), str(len(took)), str(attack.tried_again[place]),
                f"{statistics.median(inside):.0f}", f"{inside[-1]:.0f}")
        if attack.answers["201"] or attack.answers["else"] or any(None in took for took in attack.user_took.values()):
            sys.exit("\n".join(["the attack was let in or not answered, or the user was not let in", *attack.failures]))

    def revocation(self):
        """From the request that revokes until verifiers refuse, and what open streams cost."""
        martlet = Martlet(self.options.martlet, self.options.tool, f"{self.folder}/data-revocation")
        files = martlet.admin_and_reader(self.folder)
        headline("Revocation to refusal at 100 verifiers, in ms", "p50", "p99", "max", "refusals")
        martlet.fill(1_000, f"{self.folder}/revoked", files=1)
        with martlet.server() as server:
            p50, p99, most, count = self.revocations(server, files, "refusals", "--tokens", f"{self.folder}/revoked-1")[0].split()
        row("1,000 revocations, 20 a second", p50, p99, most, count)
        headline("A burst of 10,000 entries to 100 verifiers, in ms", "answered", "delivered")
        martlet.fill(10_000, f"{self.folder}/burst", tokens=1, files=1, per_user=10_000)
        with martlet.server() as server:
            answered, delivered = self.revocations(
                server, files, "burst", "--tokens", f"{self.folder}/burst-1", "--sessions", "10000")[0].split()
        row("one call", answered, delivered)
        martlet.remove()
        martlet = Martlet(self.options.martlet, self.options.tool, f"{self.folder}/data-streams")
        self.streams(martlet, martlet.admin_and_reader(self.folder))
        martlet.remove()

    def streams(self, martlet, files):
        headline("1,000 open streams", "opened in", "memory each", "CPU idle", "told in")
        with martlet.server() as server:
            before = server.memory()[1]
            with self.revocation_tool(server, files, "streams") as process:
                opened = process.stdout.readline().split()
                if not opened:
                    sys.exit("the streams did not open")
                memory = (server.memory()[1] - before) * 1024 / 1000
                cpu = server.cpu()
                time.sleep(10)
                cpu = (server.cpu() - cpu) / 10
                told, _ = process.communicate("\n", timeout=60)
                if process.returncode != 0:
                    sys.exit("the streams failed")
            row("HTTP/1.1 over TLS", f"{opened[1]} ms", f"{memory:.0f} KB", f"{cpu:.1%}", f"{told.split()[1]} ms")

    def revocation_tool(self, server, files, command, *arguments):
        return subprocess.Popen(
            [self.options.revocation_tool, command, "--server", server.address, *files, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def revocations(self, server, files, command, *arguments):
        with self.revocation_tool(server, files, command, *arguments) as process:
            output, _ = process.communicate()
        if process.returncode != 0:
            sys.exit(f"{command} failed")
        return output.splitlines()

    def peers(self):
        """The same load program on other servers, by fewer connections, which they answer faster."""
        headline("Other servers, renewals over HTTP", "renewals", "Martlet is")
        with self.martlet.server(tls=False, durability="full") as server:
            ours = self.renew(server).rate
        row("Martlet, full", f"{ours:.0f}", "")
        for peer in (Django(f"{self.folder}/django"), Glewlwyd(f"{self.folder}/glewlwyd")):
            with peer:
                rate = peer.renewals(16, 2 * self.options.seconds)
            row(peer.name, f"{rate:.0f}", f"{ours / rate:.0f} x")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--martlet", default=".build/release/martlet")
    parser.add_argument("--tool", default=".build/release/RenewalBenchmark")
    parser.add_argument("--revocation-tool", default=".build/release/RevocationBenchmark")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--page-sessions", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="martlet-bench-")
    try:
        bench = Bench(options, folder)
        with open("/proc/cpuinfo") as file:
            model = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
        print(f"{os.cpu_count()} x {model}, {options.connections} connections, {options.seconds} s each")
        for section in SECTIONS:
            if section in options.only:
                getattr(bench, section)()
    finally:
        shutil.rmtree(folder)
    if bench.missed:
        sys.exit("MISSED: " + "; ".join(bench.missed))


if __name__ == "__main__":
    main()
