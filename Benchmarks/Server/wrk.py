"""wrk with our load program."""

import os
import subprocess
import sys
from dataclasses import dataclass

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")


@dataclass
class Result:
    requests: int
    seconds: float
    refused: int
    percentiles: tuple

    @property
    def rate(self):
        return self.requests / self.seconds


def wrk(address, mode, folder, connections, seconds, threads=2, pause=None):
    """Runs one mode of load.lua. Ends the program where an answer is not what it should be."""
    threads = min(threads, connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", SCRIPT, address, "--", mode, folder]
    if pause is not None:
        command.append(str(pause))
    result = subprocess.run(command, capture_output=True, text=True)
    line = next((line for line in result.stdout.splitlines() if line.startswith("result ")), None)
    if result.returncode != 0 or line is None or "answered" in result.stderr:
        sys.exit(f"wrk failed:\n{result.stdout}{result.stderr}")
    _, requests, took, refused, *percentiles = line.split()
    return Result(int(requests), float(took), int(refused), tuple(int(value) for value in percentiles))
