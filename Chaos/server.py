"""The real server, and what can be done to it."""

import asyncio
import contextlib
import ctypes
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ISSUER = "https://chaos.example"


def end_with_parent() -> None:
    """Runs in the new process: it is killed where this one dies, and so leaves nothing behind."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        set_parent_death_signal = 1
        libc.prctl(set_parent_death_signal, signal.SIGKILL)


class Refused(Exception):
    """The server did not start."""


@dataclass
class Snapshot:
    path: Path
    number: int
    taken: float


class SmallDisk:
    """A file system of the run's own, which can be full. Mounting one is for root."""

    MEGABYTES = 96

    def __init__(self, path: Path) -> None:
        if sys.platform != "linux":
            raise OSError(0, f"this is {sys.platform}")
        self.path = path
        path.mkdir(mode=0o700)
        libc = ctypes.CDLL(None, use_errno=True)
        options = f"mode=0700,size={self.MEGABYTES}m".encode()
        if libc.mount(b"tmpfs", bytes(path), b"tmpfs", 0, options) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self.libc = libc

    def fill(self) -> None:
        with open(self.path / "filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        with open(self.path / "filler", "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))

    def make_room(self) -> None:
        (self.path / "filler").unlink(missing_ok=True)

    def unmount(self) -> None:
        detach = 2
        self.libc.umount2(bytes(self.path), detach)


class Server:
    def __init__(self, binary: Path, folder: Path, disk: SmallDisk | None, environment: dict[str, str]) -> None:
        self.binary = binary
        self.folder = folder
        self.disk = disk
        self.data = (disk.path if disk else folder) / "martlet-data"
        self.log = open(folder / "server.log", "ab")
        self.process: asyncio.subprocess.Process | None = None
        self.snapshots: list[Snapshot] = []
        self.integrity_checks = 0
        self.starts = 0
        plain = {name: value for name, value in os.environ.items() if not name.startswith("MARTLET_")}
        self.environment = plain | {
            "MARTLET_PLAIN_HTTP": "true", "MARTLET_ISSUER": ISSUER, "MARTLET_LOG_LEVEL": "warning",
            "MARTLET_MANAGEMENT_LISTEN": "127.0.0.1:0",
            # Sign-ins are not what is tried here.
            "MARTLET_PASSWORDS_MEMORY": "7MiB", "MARTLET_PASSWORDS_ITERATIONS": "1",
            "MARTLET_PASSWORDS_QUEUE": "1000",
        } | environment

    @property
    def database(self) -> Path:
        return self.data / "martlet.sqlite"

    async def start(self, *arguments: str) -> int:
        """Starts it and waits until it is ready.

        Returns: its port.
        Raises: Refused, with what it said.
        """
        start = self.log.tell()
        self.process = await asyncio.create_subprocess_exec(
            self.binary, "serve", "--listen", "localhost:0", "--data", self.data, *arguments,
            env=self.environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=self.log,
            preexec_fn=end_with_parent)
        self.starts += 1
        line = await self.process.stdout.readline()
        if not line.startswith(b"ready: "):
            status = await self.process.wait()
            self.process = None
            words = (self.folder / "server.log").read_bytes()[start:].decode(errors="replace")
            raise Refused(f"status {status}: {words.strip()}")
        return int(line.decode().strip().rsplit(":", 1)[1])

    async def stop(self, by: signal.Signals) -> int:
        process, self.process = self.process, None
        process.send_signal(by)
        return await process.wait()

    async def stand_still(self, seconds: float) -> None:
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    async def command(self, *arguments: str, input: str = "") -> tuple[int, str]:
        """Runs an operator's command on the same data."""
        process = await asyncio.create_subprocess_exec(
            self.binary, *arguments, "--data", self.data, env=self.environment, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        output, _ = await process.communicate(input.encode())
        return process.returncode, output.decode()

    # The database.

    def snapshot(self) -> None:
        """Copies the database as it is committed, synced or not."""
        path = self.folder / f"snapshot-{time.monotonic_ns()}"
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as source:
            with contextlib.closing(sqlite3.connect(path)) as copy:
                source.backup(copy)
                number = durable_writes(copy)
        self.snapshots.append(Snapshot(path, number, time.monotonic()))
        while len(self.snapshots) > 30:
            self.snapshots.pop(0).path.unlink()

    def check_integrity(self) -> tuple[list[str], int]:
        """What SQLite thinks of the files that the server left, looked at in a copy.

        Returns: its words, and the number of durable writes.
        """
        copy = self.folder / "checked"
        for suffix in ("", "-wal", "-shm"):
            Path(f"{copy}{suffix}").unlink(missing_ok=True)
        for suffix in ("", "-wal"):
            if Path(f"{self.database}{suffix}").exists():
                shutil.copyfile(f"{self.database}{suffix}", f"{copy}{suffix}")
        with contextlib.closing(sqlite3.connect(copy)) as database:
            words = [row[0] for row in database.execute("PRAGMA integrity_check")]
            number = durable_writes(database)
        self.integrity_checks += 1
        return words, number

    def lose_advances(self, number: int) -> float | None:
        """Puts back a copy that lacks nothing but advances, as a power cut would leave it.

        Returns: how old it is; None where every copy lacks more.
        """
        candidates = [snapshot for snapshot in self.snapshots if snapshot.number == number]
        if not candidates:
            return None
        chosen = random.choice(candidates)
        self.put_back(chosen.path)
        # What comes after it is of a time that never was.
        for snapshot in self.snapshots:
            if snapshot.taken > chosen.taken:
                snapshot.path.unlink()
        self.snapshots = [snapshot for snapshot in self.snapshots if snapshot.taken <= chosen.taken]
        return time.monotonic() - chosen.taken

    def put_back(self, copy: Path) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(copy, self.database)
        self.database.chmod(0o600)


def durable_writes(database: sqlite3.Connection) -> int:
    return database.execute("SELECT number FROM write_mark").fetchone()[0]
