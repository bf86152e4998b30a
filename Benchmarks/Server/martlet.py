"""`martlet serve` on a data folder of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

PASSWORD = "benchmark password 1"


class Martlet:
    def __init__(self, martlet, tool, data):
        self.martlet, self.tool, self.data = martlet, tool, data
        subprocess.run(
            [martlet, "user", "add", "bench", "--password-stdin", "--data", data],
            input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)

    @property
    def database(self):
        return next(os.path.join(self.data, name) for name in os.listdir(self.data) if name.endswith(".sqlite"))

    def server(self, tls=True, durability="relaxed", **settings):
        """Further settings by the names of their variables, without `MARTLET_`."""
        return Server(self, tls, durability, settings)

    def bench(self, command, *arguments):
        """Runs our tool on the data folder; gives its lines."""
        result = subprocess.run(
            [self.tool, command, "--data", self.data, *arguments], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{command} failed:\n{result.stdout}{result.stderr}")
        return result.stdout.splitlines()

    def fill(self, sessions, output, tokens=None, files=2, per_user=2, events=False):
        """Makes sessions, and writes the refresh tokens of some or all of them."""
        self.bench("fill", "--sessions", str(sessions), "--tokens", str(tokens or sessions), "--output", output,
                   "--files", str(files), "--per-user", str(per_user), *(["--events"] if events else []))

    def admin_and_reader(self, folder):
        """Adds an administrator, and a client that reads the feed; gives the options that name them and their secrets."""
        subprocess.run(
            [self.martlet, "user", "add", "root", "--role", "admin", "--password-stdin", "--data", self.data],
            input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
        added = subprocess.run(
            [self.martlet, "client", "add", "reader", "--scope", "revocations:read", "--json", "--data", self.data],
            capture_output=True, text=True, check=True).stdout
        for name, text in (("secret", json.loads(added)["clientSecret"]), ("password", PASSWORD)):
            with open(f"{folder}/{name}", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(text + "\n")
        return ["--ca", f"{self.data}/tls/ca.pem", "--client", "reader", "--secret-file", f"{folder}/secret",
                "--admin", "root", "--password-file", f"{folder}/password"]

    def remove(self):
        shutil.rmtree(self.data)


class Server:
    def __init__(self, martlet, tls, durability, settings):
        self.martlet, self.tls, self.durability, self.settings = martlet, tls, durability, settings

    def __enter__(self):
        environment = {
            **os.environ, "MARTLET_LOG_LEVEL": "warning", "MARTLET_ROTATION_DURABILITY": self.durability,
            "MARTLET_PLAIN_HTTP": "false" if self.tls else "true", "MARTLET_MANAGEMENT_LISTEN": "127.0.0.1:0",
            **{f"MARTLET_{name}": value for name, value in self.settings.items()},
        }
        started = time.monotonic()
        self.process = subprocess.Popen(
            [self.martlet.martlet, "serve", "--data", self.martlet.data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        for line in self.process.stdout:
            if line.startswith("ready: "):
                self.address = line.split()[1]
                self.startup = time.monotonic() - started
                return self
        sys.exit("the server did not become ready")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def memory(self):
        """RSS and RssAnon in MB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return [int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon")]

    def cpu(self):
        """Seconds of CPU so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
