#!/usr/bin/env python3
"""Measures a release build of `martlet serve`: renewals as a share of bare requests, start-up, memory, size.

Figures that depend on the machine's speed are given as ratios within one run: renewals per second are set against
`/health/live` requests per second of the same server, in turn, several times. Needs wrk; uses loopback only.
"""

import argparse
import json
import os
import re
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

PASSWORD = "benchmark password 1"


class Server:
    def __init__(self, martlet, data):
        started = time.monotonic()
        self.process = subprocess.Popen(
            [martlet, "serve", "--data", data, "--listen", "localhost:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "MARTLET_LOG_LEVEL": "warning"},
        )
        for line in self.process.stdout:
            if line.startswith("ready: "):
                self.address = line.split()[1]
                break
        else:
            sys.exit("the server did not become ready")
        self.startup = time.monotonic() - started
        self.context = ssl.create_default_context(cafile=f"{data}/tls/ca.pem")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def post(self, path, body):
        request = urllib.request.Request(
            self.address + path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, context=self.context) as answer:
            return json.load(answer)

    def memory(self):
        """RSS and RssAnon in MB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return [int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon")]


def requests_per_second(command):
    result = subprocess.run(command, capture_output=True, text=True)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", result.stdout)
    if result.returncode != 0 or not rate or "Non-2xx" in result.stdout or "answered" in result.stderr:
        sys.exit(f"wrk failed:\n{result.stdout}{result.stderr}")
    return float(rate.group(1))


def measure_startup(martlet, data, runs):
    times = []
    for _ in range(runs):
        server = Server(martlet, data)
        times.append(server.startup * 1000)
        server.stop()
    return statistics.median(times)


def measure_load(server, rounds, seconds, connections, folder):
    threads = 2
    sessions = connections * 4
    print(f"  signing {sessions} sessions in …", file=sys.stderr)
    files = [open(f"{folder}/tokens-{thread + 1}", "w") for thread in range(threads)]
    live, renewals = [], []
    for number in range(sessions):
        grant = server.post("/v1/sessions", {"username": "bench", "password": PASSWORD})
        files[number % threads].write(grant["refreshToken"]["refreshToken"] + "\n")
    for file in files:
        file.close()
    wrk = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s"]
    for number in range(rounds):
        live.append(requests_per_second(wrk + [server.address + "/health/live"]))
        # Each round presents the sign-in tokens again only in its first requests; they advance from there on, so
        # later rounds start from fresh sessions.
        renewals.append(requests_per_second(
            wrk + ["-s", os.path.join(os.path.dirname(__file__), "renew.lua"), server.address, "--", folder]))
        print(f"  round {number + 1}: {live[-1]:.0f} live, {renewals[-1]:.0f} renewals a second", file=sys.stderr)
        if number + 1 < rounds:
            for thread in range(threads):
                with open(f"{folder}/tokens-{thread + 1}", "w") as file:
                    for _ in range(sessions // threads):
                        grant = server.post("/v1/sessions", {"username": "bench", "password": PASSWORD})
                        file.write(grant["refreshToken"]["refreshToken"] + "\n")
    return live, renewals


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--martlet", default=".build/release/martlet")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="martlet-bench-")
    data = f"{folder}/data"
    try:
        subprocess.run(
            [arguments.martlet, "user", "add", "bench", "--password-stdin", "--data", data],
            input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL,
        )
        Server(arguments.martlet, data).stop()
        startup = measure_startup(arguments.martlet, data, 9)
        server = Server(arguments.martlet, data)
        time.sleep(2)
        rss, anonymous = server.memory()
        live, renewals = measure_load(
            server, arguments.rounds, arguments.seconds, arguments.connections, folder)
        server.stop()
        stripped = f"{folder}/martlet"
        shutil.copy(arguments.martlet, stripped)
        subprocess.run(["strip", stripped], check=True)
        ratio = statistics.median(renewed / bare for renewed, bare in zip(renewals, live))
        print(f"renewals / health requests   {ratio:.2f}   ({statistics.median(renewals):.0f} and "
              f"{statistics.median(live):.0f} a second, HTTPS, {arguments.connections} connections)")
        print(f"start to ready               {startup:.0f} ms   (existing data folder; aim 100)")
        print(f"idle memory                  {anonymous:.1f} MB private, {rss:.1f} MB RSS   (aim 16 and 45)")
        print(f"stripped binary              {os.path.getsize(stripped) / 2**20:.1f} MB   (aim 30)")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
