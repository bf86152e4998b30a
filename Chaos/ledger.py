"""What everyone was told, and whether it may be so.

The proxy reports each request that reached the server and each answer that left it, the workers report what their
clients were told, and the run reports what it did: revocations, thefts, faults. The ledger holds them against the two
promises of docs/rotation.md.
"""

import collections
import time
from dataclasses import dataclass, field

# How often the one who is answered may change between thief and client after a theft, and how often more for each
# answer that was lost and each crash.
TURNS = 3
MORE_TURNS = 2


@dataclass
class Theft:
    session: str
    strategy: str
    # The proxy leaves the session alone meanwhile.
    is_calm: bool
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    turns: int = 0
    last_party: str | None = None
    faults: int = 0
    # What was answered, for whoever has to find out what went wrong.
    story: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        self.story.append(f"{time.monotonic() - self.began:.2f} s {text}")

    def __str__(self) -> str:
        # All that the thief was told, and how it ended.
        earlier = [line for line in self.story[:-20] if " s thief" in line or " of the server" in line]
        return f"{self.session} ({self.strategy}, {self.faults} faults): {'; '.join(earlier[-40:] + self.story[-20:])}"

    @property
    def bound(self) -> int:
        return TURNS + MORE_TURNS * self.faults


class Chain:
    """The generations of a session and when its client first sent each on to the server."""

    def __init__(self) -> None:
        self.sent: dict[int, float] = {}
        self.newest = 0
        self.refresh_token: str | None = None
        self.access_token: str | None = None

    def send(self, generation: int, now: float) -> None:
        self.sent.setdefault(generation, now)
        self.newest = max(self.newest, generation)

    def first_later(self, generation: int) -> float | None:
        """When a later token than this generation's was first sent: it was accepted no earlier."""
        for later in range(generation + 1, self.newest + 1):
            if later in self.sent:
                return self.sent[later]
        return None


class Ledger:
    def __init__(self, late_window: float, excuses_stalls: bool) -> None:
        self.late_window = late_window
        self.excuses_stalls = excuses_stalls
        self.chains: collections.defaultdict[str, Chain] = collections.defaultdict(Chain)
        # Sessions that were revoked, and when that was answered.
        self.revoked: dict[str, float] = {}
        self.thefts: list[Theft] = []
        self.stolen: dict[str, Theft] = {}
        # Sessions whose end was answered, and when.
        self.ended: dict[str, float] = {}
        # Of these it cannot be shown that every request kept to the delivery assumption: the machine stood still.
        self.stalled: set[str] = set()
        self.may_be_revoked: set[str] = set()
        self.counts: collections.Counter[str] = collections.Counter()
        self.by_client: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self.violations: list[str] = []
        self.false_sign_outs: set[str] = set()

    def violate(self, text: str) -> None:
        self.violations.append(text)

    # What the proxy sees.

    def answered(
        self, party: str, session: str, generation: int, status: int, code: str | None, reason: str | None,
        sent: float, now: float,
    ) -> None:
        """A renewal was answered by the server, whether or not the answer gets through."""
        self.counts[f"renewal {status}{f' {code}' if code else ''}"] += 1
        theft = self.stolen.get(session)
        if theft:
            theft.tell(f"{party}, generation {generation}: {status} {code or ''}".rstrip())
        if status == 200:
            if session in self.revoked and sent > self.revoked[session]:
                self.counts["accepted revoked tokens"] += 1
                self.violate(f"a refresh token of the revoked session {session} was accepted")
            if session in self.ended and sent > self.ended[session]:
                self.counts["accepted ended tokens"] += 1
                self.violate(f"session {session} was answered as ended, and answers again")
            if theft and theft.ended is None and theft.last_party != party:
                theft.turns += theft.last_party is not None
                theft.last_party = party
                if theft.turns > theft.bound:
                    self.violate(f"thief and client were answered in turn {theft.turns} times: {theft}")
        elif status == 401:
            later = self.chains[session].first_later(generation)
            is_late = later is not None and now - later > self.late_window
            if self.excuses_stalls and is_late and session not in self.ended:
                self.stalled.add(session)
            self.ended.setdefault(session, now)
            if theft and theft.ended is None:
                theft.ended = now
            if party == "client":
                self.judge_end(session, f"{code} {reason}")

    def checked(self, session: str, status: int, sent: float) -> None:
        """An access token was presented at the authority."""
        self.counts[f"access {status}"] += 1
        if status == 200 and sent > min(self.revoked.get(session, sent), self.ended.get(session, sent)):
            self.counts["accepted revoked tokens"] += 1
            self.violate(f"an access token of the revoked session {session} was accepted")

    def fault(self, name: str, session: str | None = None, loses: bool = True) -> None:
        """Something was done to a request, or, without a session, to everyone.

        loses: whether an answer may be lost, to the network or to a crash.
        """
        self.counts[f"fault: {name}"] += 1
        touched = self.stolen.values() if session is None else filter(None, [self.stolen.get(session)])
        for theft in touched:
            if theft.ended is None:
                theft.faults += loses
                theft.tell(name)

    # What clients are told.

    def told(self, line: str) -> None:
        words = line.split()
        if len(words) < 3:
            return
        what, client, *rest = words
        self.counts[f"told: {what}"] += 1
        self.by_client[client][what] += 1
        match what:
            case "signed-out":
                self.judge_end(rest[0], rest[1])
            case "broken":
                self.violate(f"the store of {client} is broken: {line}")

    @property
    def revoked_or_stolen(self) -> set[str]:
        return self.may_be_revoked | self.stolen.keys()

    def judge_end(self, session: str, reason: str) -> None:
        if session in self.revoked_or_stolen or session in self.false_sign_outs:
            return
        if session in self.stalled:
            self.counts["sign-outs in a stall"] += 1
            return
        self.false_sign_outs.add(session)
        self.counts["false sign-outs"] += 1
        self.violate(f"session {session} was ended without a cause: {reason}")

    # What the run does.

    def steal(self, theft: Theft) -> None:
        self.thefts.append(theft)
        self.stolen[theft.session] = theft

    @property
    def renewals(self) -> int:
        return self.counts["told: renewed"]
