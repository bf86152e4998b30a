#!/usr/bin/env python3
"""Renews on a real server, by real clients, while everything goes wrong. See docs/chaos.md.

Exits with 0 where both promises of the rotation rule held, with 1 where one was broken, and says which.
"""

import argparse
import asyncio
import contextlib
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import thief
from ledger import Ledger, Theft
from proxy import Proxy, Rates
from server import Refused, Server, SmallDisk

PACKAGE = Path(__file__).resolve().parent.parent
USER = "chaos"

BREAKS = {
    "delivery": "the proxy delivers copies long after the late window",
    "compare-and-set": "clients store answers without looking at what is stored, and take no turns",
    "durability": "the database from before a revocation is put back and kept",
    "late-window": "the server takes duplicates for late for an hour, so thieves are not found",
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="What --break takes, each of which has to make the run fail: "
        + "; ".join(f"{name}: {what}" for name, what in BREAKS.items()) + ".")
    parser.add_argument("--renewals", type=int, default=200_000, help="end after so many (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0, help="and not before so many seconds (%(default)s)")
    parser.add_argument("--limit", type=float, default=3_600, help="fail after so many seconds (%(default)s)")
    parser.add_argument("--clients", type=int, default=50, help="how many (%(default)s)")
    parser.add_argument("--processes", type=int, default=4, help="how many they are spread over (%(default)s)")
    parser.add_argument("--late-window", type=float, default=10, help="in seconds (%(default)s)")
    parser.add_argument(
        "--stalls", type=int, default=3,
        help="fail where more sign-outs are put down to a machine that stood still (%(default)s)")
    parser.add_argument(
        "--binaries", type=Path, default=PACKAGE / ".build/debug",
        help="where martlet and ChaosClient are (%(default)s)")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break the rule: the run has to fail")
    return parser.parse_args()


class Workers:
    """The processes with the clients. They are killed now and then, and go on with what they stored."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        settings = run.settings
        # Of each five clients, four share their store with another process's, and one is alone.
        pairs = settings.clients * 2 // 5
        self.leaders = [f"c{index:02}" for index in range(settings.clients - pairs)]
        self.followers = self.leaders[:pairs]
        self.processes: list[asyncio.subprocess.Process | None] = [None] * settings.processes
        self.readers: set[asyncio.Task] = set()

    async def start(self, index: int) -> None:
        run, count = self.run, len(self.processes)
        # A follower is never in its leader's process.
        process = await asyncio.create_subprocess_exec(
            run.settings.binaries / "ChaosClient", "--server", f"http://127.0.0.1:{run.port}", "--user", USER,
            "--folder", run.stores, "--leaders", ",".join(self.leaders[index::count]),
            "--followers", ",".join(self.followers[(index + 1) % count :: count]),
            *(["--without-compare-and-set"] if run.settings.broken == "compare-and-set" else []),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=run.server.log)
        process.stdin.write(f"{run.password}\n".encode())
        self.processes[index] = process
        task = asyncio.create_task(self.read(process))
        self.readers.add(task)
        task.add_done_callback(self.readers.discard)

    async def read(self, process: asyncio.subprocess.Process) -> None:
        while line := await process.stdout.readline():
            # The last line of a process that was killed may not be whole.
            if line.endswith(b"\n"):
                self.run.ledger.told(line.decode())
        status = await process.wait()
        if process in self.processes and not self.run.is_over:
            self.run.ledger.violate(f"a process with clients ended by itself, with the status {status}")

    async def start_all(self) -> None:
        for index in range(len(self.processes)):
            await self.start(index)

    async def kill(self, index: int) -> None:
        process, self.processes[index] = self.processes[index], None
        process.kill()
        await process.wait()


class Run:
    def __init__(self, settings: argparse.Namespace) -> None:
        self.settings = settings
        self.margin = settings.late_window * 0.5
        self.ledger = Ledger(settings.late_window, excuses_stalls=settings.broken != "delivery")
        # Clients sync each change of a store; in memory that costs nothing.
        memory = Path("/dev/shm")
        is_large = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 256 << 20
        self.folder = Path(tempfile.mkdtemp(prefix="martlet-chaos-", dir=memory if is_large else None))
        self.stores = self.folder / "stores"
        self.password = secrets.token_urlsafe(18)
        self.disk: SmallDisk | None = None
        self.began = time.monotonic()
        self.is_over = False
        self.thieves: set[asyncio.Task] = set()
        # Taken by whoever starts or stops the server, or needs it to stay as it is.
        self.server_lock = asyncio.Lock()

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    async def prepare(self) -> None:
        settings = self.settings
        for name in ("martlet", "ChaosClient"):
            if not os.access(settings.binaries / name, os.X_OK):
                raise SystemExit(
                    f"error: there is no {settings.binaries / name}. Build it: Scripts/build.sh --product {name}")
        self.stores.mkdir(mode=0o700)
        try:
            self.disk = SmallDisk(self.folder / "disk")
        except OSError as error:
            self.say(f"skipping the full disk: mounting a small file system needs root on Linux ({error.strerror})")
        window = 3_600 if settings.broken == "late-window" else settings.late_window
        self.server = Server(
            settings.binaries / "martlet", self.folder, self.disk,
            {"MARTLET_ROTATION_LATE_WINDOW": f"{round(window * 1000)}ms"})
        status, output = await self.server.command("user", "add", USER, "--password-stdin", input=f"{self.password}\n")
        if status != 0:
            raise SystemExit(f"error: {output}")
        self.proxy = Proxy(
            self.ledger, Rates(longest_delay=settings.late_window / 10), settings.late_window, self.margin,
            keeps_assumption=settings.broken != "delivery")
        self.port = await self.proxy.start()
        self.proxy.connect_to(await self.server.start())
        self.workers = Workers(self)
        await self.workers.start_all()

    # What goes wrong.

    async def restart(self, *arguments: str) -> None:
        """Starts the server again, which has to come up: no kill may look like a restore."""
        try:
            self.proxy.connect_to(await self.server.start(*arguments))
        except Refused as error:
            self.ledger.violate(f"the server did not start again: {error}")

    async def kill(self) -> int:
        """Kills the server and looks at what it left.

        Returns: the number of durable writes.
        """
        self.proxy.connect_to(None)
        await self.server.stop(signal.SIGKILL)
        words, number = await asyncio.to_thread(self.server.check_integrity)
        if words != ["ok"]:
            self.ledger.violate(f"PRAGMA integrity_check: {words}")
        return number

    async def kill_server(self) -> None:
        self.ledger.fault("kill -9 of the server")
        await self.kill()
        await self.restart()

    async def cut_power(self) -> None:
        number = await self.kill()
        age = self.server.lose_advances(number)
        if age is None:
            self.ledger.fault("kill -9 of the server")
        else:
            self.ledger.fault("power cut: advances lost")
            self.ledger.counts["longest loss in ms"] = max(
                self.ledger.counts["longest loss in ms"], round(age * 1000))
        await self.restart()

    async def stop_server_for_a_while(self) -> None:
        self.ledger.fault("SIGSTOP of the server", loses=False)
        await self.server.stand_still(random.uniform(0.1, self.margin / 3))

    async def fill_disk(self) -> None:
        if self.disk is None:
            return
        self.ledger.fault("full disk", loses=False)
        await asyncio.to_thread(self.disk.fill)
        await asyncio.sleep(random.uniform(0.3, 1.5))
        self.disk.make_room()

    async def forget(self, copy: Path) -> None:
        """Breaks the rule that what ends a session is on disk before it is answered."""
        await self.kill()
        self.server.put_back(copy)
        self.server.snapshots = []
        await self.restart("--after-restore", "keep")

    async def kill_worker(self) -> None:
        self.ledger.fault("kill -9 of clients")
        index = random.randrange(len(self.workers.processes))
        await self.workers.kill(index)
        await self.workers.start(index)

    async def break_things(self) -> None:
        faults = [
            (self.kill_server, 4), (self.cut_power, 4), (self.stop_server_for_a_while, 2), (self.fill_disk, 2),
            (self.kill_worker, 2),
        ]
        while True:
            await asyncio.sleep(random.uniform(0.5, 3))
            async with self.server_lock:
                await random.choices([fault for fault, _ in faults], [weight for _, weight in faults])[0]()

    async def take_snapshots(self) -> None:
        while True:
            await asyncio.sleep(random.uniform(0.1, 0.4))
            # None while the server is killed or the disk is full.
            if not self.server_lock.locked():
                await asyncio.to_thread(self.server.snapshot)

    async def steal(self) -> None:
        """Copies the store of one client after the other. A session is robbed once."""
        while True:
            await asyncio.sleep(random.uniform(0.5, 2.5))
            token = thief.stolen_token(f"{self.stores}/{random.choice(self.workers.leaders)}.json")
            known = self.ledger.revoked_or_stolen | self.ledger.ended.keys()
            if token is None or token.session in known or self.proxy.is_calm:
                continue
            theft = Theft(token.session, random.choice(thief.Thief.STRATEGIES), random.random() < 0.5)
            self.ledger.steal(theft)
            task = asyncio.create_task(
                thief.Thief(theft, token.text, self.port, self.settings.late_window).goes_on())
            self.thieves.add(task)
            task.add_done_callback(self.thief_is_done)

    def thief_is_done(self, task: asyncio.Task) -> None:
        self.thieves.discard(task)
        if not task.cancelled() and task.exception():
            self.ledger.violate(f"a thief failed: {task.exception()!r}")

    async def revoke(self) -> None:
        """Revokes sessions, by another process that writes to the same database."""
        while True:
            await asyncio.sleep(random.uniform(2, 6))
            token = thief.stolen_token(f"{self.stores}/{random.choice(self.workers.leaders)}.json")
            if token is None or token.session in self.ledger.revoked_or_stolen:
                continue
            async with self.server_lock:
                self.ledger.may_be_revoked.add(token.session)
                if self.settings.broken == "durability":
                    await asyncio.to_thread(self.server.snapshot)
                status, output = await self.server.command("session", "revoke", token.session)
                if status == 0:
                    self.ledger.revoked[token.session] = time.monotonic()
                    if self.settings.broken == "durability":
                        await self.forget(self.server.snapshots[-1].path)
                elif "There is no session" in output:
                    self.ledger.violate(f"the session {token.session} is gone: {output}")

    async def probe(self) -> None:
        """Presents tokens of sessions that are over. None may be accepted."""
        while True:
            await asyncio.sleep(0.2)
            over = [*self.ledger.revoked, *self.ledger.ended]
            if not over:
                continue
            chain = self.ledger.chains[random.choice(over)]
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
                if chain.refresh_token:
                    body = {"refreshToken": chain.refresh_token}
                    await thief.post(self.port, "/v1/sessions/refresh", body, agent="probe")
                if chain.access_token:
                    await thief.get(self.port, "/v1/me", chain.access_token, agent="probe")

    def check_thefts(self) -> None:
        now = time.monotonic()
        for theft in self.ledger.thefts:
            if theft.ended is None and now - theft.began > self.longest_theft:
                theft.ended = now
                self.ledger.counts["thefts not ended"] += 1
                self.ledger.violate(f"a theft was not ended within {self.longest_theft:.0f} s: {theft}")

    @property
    def longest_theft(self) -> float:
        """Two late windows until a stale token is no duplicate, a pause of the thief, the server's rests, and what a
        slow machine takes for all of it."""
        return 4 * self.settings.late_window + 90

    @property
    def open_thefts(self) -> int:
        return sum(theft.ended is None for theft in self.ledger.thefts)

    # The run.

    async def go(self) -> bool:
        settings = self.settings
        await self.prepare()
        self.say(
            f"{settings.clients} clients in {settings.processes} processes, {len(self.workers.leaders)} stores; "
            f"late window {settings.late_window:g} s"
            + (f"; BROKEN: {BREAKS[settings.broken]}" if settings.broken else ""))
        await self.until("every client is signed in", 300, lambda: self.is_signed_in)
        self.server.snapshot()
        self.backup = self.folder / "backup"
        shutil.copyfile(self.server.snapshots[-1].path, self.backup)
        trouble = [
            asyncio.create_task(work())
            for work in (self.break_things, self.take_snapshots, self.steal, self.revoke, self.probe)
        ]
        shown = self.began
        while not self.ledger.violations:
            await asyncio.sleep(0.2)
            self.check_thefts()
            now = time.monotonic()
            if now - shown >= 5:
                shown = now
                self.say(self.progress())
            for task in trouble:
                if task.done():
                    task.result()
            if self.ledger.renewals >= settings.renewals and now - self.began >= settings.seconds:
                break
            if now - self.began > settings.limit:
                self.ledger.violate(f"only {self.ledger.renewals} renewals within {settings.limit:g} s")
        if self.ledger.violations:
            # What else there is to tell of it.
            await asyncio.sleep(1)
        else:
            await self.calm_down(trouble)
        if not self.ledger.violations:
            await self.restore()
        if self.ledger.counts["sign-outs in a stall"] > settings.stalls:
            self.ledger.violate("the machine stood still too often for the run to show anything; run it alone")
        self.is_over = True
        self.say("the end")
        return not self.ledger.violations

    @property
    def is_signed_in(self) -> bool:
        return all(self.ledger.by_client[name]["signed-in"] for name in self.workers.leaders)

    async def until(self, what: str, seconds: float, condition, rest=lambda: "") -> None:
        deadline = time.monotonic() + seconds
        while not condition() and not self.ledger.violations:
            if time.monotonic() > deadline:
                self.ledger.violate(f"not within {seconds:g} s: {what}{rest()}")
            await asyncio.sleep(0.05)

    async def calm_down(self, trouble: list[asyncio.Task]) -> None:
        """Ends the trouble. Every thief is found, and every client goes on."""
        breaking, snapshots, stealing, revoking, probing = trouble
        async with self.server_lock:
            for task in (breaking, snapshots, revoking):
                task.cancel()
        self.proxy.is_calm = True
        # No new thefts from here on; those that are under way go on.
        self.say(f"calming down: {self.open_thefts} thefts are open")

        def is_found() -> bool:
            self.check_thefts()
            return self.open_thefts == 0

        await self.until("every thief is found", self.longest_theft, is_found)
        stealing.cancel()
        probing.cancel()
        renewed = {name: counts["renewed"] for name, counts in self.ledger.by_client.items()}

        def standing() -> list[str]:
            return [name for name, count in renewed.items() if self.ledger.by_client[name]["renewed"] <= count]

        await self.until(
            "every client goes on", 150, lambda: not standing(),
            lambda: f"; still stand {', '.join(standing())}")
        self.is_over = True
        for index in range(len(self.workers.processes)):
            await self.workers.kill(index)

    async def restore(self) -> None:
        """Puts back the backup from the start of the run: it is noticed, and nothing that was issued lives."""
        self.proxy.connect_to(None)
        status = await self.server.stop(signal.SIGTERM)
        if status != 0:
            self.ledger.violate(f"the server ended with the status {status}")
        self.server.put_back(self.backup)
        try:
            await self.server.start()
            self.ledger.violate("the server took an old backup for its database")
            return
        except Refused as refusal:
            if "--after-restore" not in str(refusal):
                self.ledger.violate(f"the server does not ask how to go on: {refusal}")
        port = await self.server.start("--after-restore", "end-sessions")
        for session, chain in self.ledger.chains.items():
            if not chain.refresh_token:
                continue
            answers = [
                await thief.post(port, "/v1/sessions/refresh", {"refreshToken": chain.refresh_token}, agent="probe"),
                await thief.get(port, "/v1/me", chain.access_token, agent="probe"),
            ]
            for status, answer in answers:
                self.ledger.counts["tokens tried after the restore"] += 1
                if status != 401 or answer["next"] != "sign_in":
                    self.ledger.counts["accepted revoked tokens"] += 1
                    self.ledger.violate(f"after the restore, a token of {session} was answered {status}: {answer}")
        if await self.server.stop(signal.SIGTERM) != 0:
            self.ledger.violate("the server did not end well after the restore")

    def progress(self) -> str:
        counts = self.ledger.counts
        seconds = time.monotonic() - self.began
        return (
            f"{self.ledger.renewals:,} renewals ({self.ledger.renewals / seconds:,.0f}/s), "
            f"{self.server.starts - 1} restarts, {len(self.ledger.thefts)} thefts ({self.open_thefts} open), "
            f"{len(self.ledger.revoked)} revocations, {counts['false sign-outs']} false sign-outs, "
            f"{counts['accepted revoked tokens']} accepted revoked tokens")

    def summary(self) -> str:
        ledger, counts = self.ledger, self.ledger.counts
        seconds = time.monotonic() - self.began
        ended = [theft for theft in ledger.thefts if theft.ended is not None]
        quiet = [theft.turns for theft in ended if not theft.faults]
        rough = [theft.turns for theft in ended if theft.faults]
        longest = max((theft.ended - theft.began for theft in ended), default=0)
        rows = [
            ("renewals that clients were told of", f"{ledger.renewals:,}"),
            ("seconds", f"{seconds:,.0f}"),
            ("sessions", f"{len(ledger.chains):,}"),
            ("answers to renewals", ""),
            *((f"  {name.removeprefix('renewal ')}", f"{count:,}") for name, count in sorted(counts.items())
              if name.startswith("renewal ")),
            ("faults", ""),
            *((f"  {name.removeprefix('fault: ')}", f"{count:,}") for name, count in sorted(counts.items())
              if name.startswith("fault: ")),
            ("  held back, or it would have arrived too late", f"{counts['kept from arriving too late']:,}"),
            ("calls that failed and kept the session", f"{counts['told: failed']:,}"),
            ("longest loss of advances", f"{counts['longest loss in ms'] / 1000:.1f} s"),
            ("PRAGMA integrity_check: ok", f"{self.server.integrity_checks:,}"),
            ("revocations", f"{len(ledger.revoked):,}"),
            ("thefts, all ended", f"{len(ended):,} of {len(ledger.thefts):,}"),
            ("  changes of who is answered, undisturbed", f"{max(quiet, default=0)} of 3, in {len(quiet):,} thefts"),
            ("  changes of who is answered, disturbed", f"{max(rough, default=0)}, in {len(rough):,} thefts"),
            ("  longest until the end", f"{longest:.0f} s"),
            ("tokens tried after a restore, all refused", f"{counts['tokens tried after the restore']:,}"),
            ("sign-outs while the machine stood still", f"{counts['sign-outs in a stall']:,}"),
            ("false sign-outs", f"{counts['false sign-outs']:,}"),
            ("accepted tokens of sessions that are over",
             f"{counts['accepted revoked tokens'] + counts['accepted ended tokens']:,}"),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:{width}}  {value}".rstrip() for name, value in rows)

    async def close(self) -> None:
        self.is_over = True
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        processes = [*self.workers.processes, self.server.process] if hasattr(self, "workers") else []
        for process in processes:
            if process and process.returncode is None:
                process.kill()
                await process.wait()
        if self.disk:
            self.disk.unmount()


async def main() -> int:
    run = Run(arguments())
    # So that nothing is left behind.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    try:
        holds = await run.go()
        print(f"\n{run.summary()}\n")
        for violation in run.ledger.violations[:20]:
            print(f"BROKEN: {violation}")
        if not holds:
            kept = Path(tempfile.gettempdir()) / f"{run.folder.name}.log"
            shutil.copyfile(run.folder / "server.log", kept)
            print(f"the server's log: {kept}")
        print("both promises held" if holds else "FAILED")
        return 0 if holds else 1
    finally:
        await run.close()
        shutil.rmtree(run.folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
