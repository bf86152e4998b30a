"""A proxy that does to requests and answers what networks do.

It keeps to the delivery assumption of docs/rotation.md: no request arrives more than the late window after a later
token of its chain was accepted. Since it cannot know when a token was accepted, it takes the moment at which the token
was first sent on, which is not later, and leaves a margin for the time between sending and arriving.
"""

import asyncio
import contextlib
import json
import random
import time
from dataclasses import dataclass

import tokens
from ledger import Ledger


@dataclass
class Request:
    raw: bytes
    method: str
    path: str
    party: str
    refresh_token: tokens.RefreshToken | None = None
    access_session: str | None = None

    @property
    def session(self) -> str | None:
        return self.refresh_token.session if self.refresh_token else self.access_session


@dataclass
class Rates:
    """How often what is done to a request."""

    drop_request: float = 0.02
    drop_answer: float = 0.03
    cut_answer: float = 0.01
    hang: float = 0.0005
    delay_request: float = 0.02
    delay_answer: float = 0.02
    duplicate: float = 0.03
    longest_delay: float = 1.0


class Lost(Exception):
    """The server or the connection to it is gone, or the request was dropped."""


class Proxy:
    def __init__(
        self, ledger: Ledger, rates: Rates, late_window: float, margin: float, keeps_assumption: bool = True
    ) -> None:
        self.ledger = ledger
        self.rates = rates
        self.late_window = late_window
        self.margin = margin
        self.keeps_assumption = keeps_assumption
        self.upstream_port: int | None = None
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        # Where a session was stolen, its requests reach the server one after the other, so that turns can be counted.
        self.turns: dict[str, asyncio.Lock] = {}
        self.copies: set[asyncio.Task] = set()
        # Nobody else holds on to the tasks of connections.
        self.connections: set[asyncio.Task] = set()
        self.is_calm = False

    async def start(self) -> int:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 20)
        return self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.server.close()
        for task in list(self.copies):
            task.cancel()

    def connect_to(self, port: int | None) -> None:
        """Where the server listens now; nil while there is none."""
        self.upstream_port = port
        for _, writer in self.idle:
            writer.close()
        self.idle = []

    # One client's connection.

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self.connections.add(task)
        # Cancelled at the end of the run.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, Lost, asyncio.CancelledError):
            while True:
                request = await self.read(reader)
                answer = await self.treat(request)
                if self.happens(self.rates.cut_answer, request, "cut answer", loses=True):
                    writer.write(answer[: random.randrange(len(answer))])
                    await writer.drain()
                    break
                writer.write(answer)
                await writer.drain()
        self.connections.discard(task)
        with contextlib.suppress(OSError):
            writer.close()

    async def read(self, reader: asyncio.StreamReader) -> Request:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(content_length(head))
        method, path = head.split(b" ", 2)[:2]
        fields = head.lower()
        request = Request(
            head + body, method.decode(), path.decode(),
            # A probe is no client either: what it presents says nothing of what the client has sent.
            next((name for name in ("thief", "probe") if f"\r\nuser-agent: {name}".encode() in fields), "client"))
        if request.path == "/v1/sessions/refresh":
            request.refresh_token = tokens.refresh_token(json.loads(body)["refreshToken"])
        elif (start := fields.find(b"\r\nauthorization: bearer ")) >= 0:
            token = head[start + 24 : head.index(b"\r\n", start + 2)].decode()
            request.access_session = tokens.session_of_access_token(token)
        return request

    def happens(self, rate: float, request: Request, name: str, loses: bool = False) -> bool:
        if self.is_calm or request.party == "thief" or random.random() >= rate:
            return False
        theft = self.ledger.stolen.get(request.session) if request.session else None
        if theft and theft.is_calm:
            return False
        self.ledger.fault(name, request.session, loses)
        return True

    async def treat(self, request: Request) -> bytes:
        rates = self.rates
        if self.happens(rates.drop_request, request, "dropped request"):
            raise Lost
        if self.happens(rates.delay_request, request, "delayed request"):
            await asyncio.sleep(random.uniform(0, rates.longest_delay))
        if request.refresh_token and self.happens(rates.duplicate, request, "duplicate"):
            for _ in range(random.choice((1, 1, 2, 5))):
                task = asyncio.create_task(self.send_copy(request))
                self.copies.add(task)
                task.add_done_callback(self.copies.discard)
        answer = await self.deliver(request)
        if self.happens(rates.drop_answer, request, "dropped answer", loses=True):
            raise Lost
        if self.happens(rates.hang, request, "no answer", loses=True):
            await asyncio.sleep(5)
            raise Lost
        if self.happens(rates.delay_answer, request, "delayed answer"):
            await asyncio.sleep(random.uniform(0, rates.longest_delay))
        return answer

    async def send_copy(self, request: Request) -> None:
        """Delivers a request once more, later."""
        if self.keeps_assumption:
            await asyncio.sleep(random.uniform(0, self.late_window))
        else:
            await asyncio.sleep(self.late_window + self.margin)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, Lost):
            await self.deliver(request)

    # The server's side.

    def may_be_sent(self, token: tokens.RefreshToken) -> bool:
        later = self.ledger.chains[token.session].first_later(token.generation)
        return later is None or time.monotonic() - later < self.late_window - self.margin

    async def deliver(self, request: Request) -> bytes:
        """Sends a request to the server and reads its answer, both of which the ledger notes."""
        token = request.refresh_token
        if token is None or token.session not in self.ledger.stolen:
            return await self.exchange(request)
        async with self.turns.setdefault(token.session, asyncio.Lock()):
            return await self.exchange(request)

    async def exchange(self, request: Request) -> bytes:
        token = request.refresh_token
        if token and request.party == "client" and self.keeps_assumption and not self.may_be_sent(token):
            self.ledger.counts["kept from arriving too late"] += 1
            raise Lost
        reader, writer = await self.connection()
        sent = time.monotonic()
        # A thief's requests delay no one else's: the victim finds out by being told.
        if token and request.party == "client":
            self.ledger.chains[token.session].send(token.generation, sent)
        try:
            writer.write(request.raw)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(content_length(head))
        except BaseException:
            # Also where this task is cancelled: the answer to come belongs to nobody else.
            writer.close()
            if request.session:
                self.ledger.fault("lost with the server", request.session)
            raise
        self.idle.append((reader, writer))
        self.note(request, int(head[9:12]), body, sent)
        return head + body

    def note(self, request: Request, status: int, body: bytes, sent: float) -> None:
        now = time.monotonic()
        if request.refresh_token:
            answer = json.loads(body)
            token = request.refresh_token
            self.ledger.answered(
                request.party, token.session, token.generation, status, answer.get("code"), answer.get("reason"),
                sent, now)
            if status == 200:
                chain = self.ledger.chains[token.session]
                chain.refresh_token = answer["refreshToken"]["refreshToken"]
                chain.access_token = answer["accessToken"]["token"]
        elif request.access_session:
            self.ledger.checked(request.access_session, status, sent)

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        if self.upstream_port is None:
            raise Lost
        return await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=1 << 20)


def content_length(head: bytes) -> int:
    fields = head.lower()
    start = fields.find(b"\r\ncontent-length:")
    if start < 0:
        return 0
    return int(fields[start + 17 : fields.index(b"\r\n", start + 2)])
