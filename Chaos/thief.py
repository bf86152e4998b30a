"""Thieves: each copies the store of a client and goes on renewing with what is in it."""

import asyncio
import json
import random

import tokens
from ledger import Theft


class Thief:
    # At once and fast; after a while; now and then; with any token that was ever seen.
    STRATEGIES = ("at once", "later", "patiently", "with every token")

    def __init__(self, theft: Theft, token: str, port: int, late_window: float) -> None:
        self.theft = theft
        self.tokens = [token]
        self.port = port
        self.late_window = late_window

    def pause(self) -> float:
        match self.theft.strategy:
            case "later":
                return random.uniform(1, 2) * self.late_window
            case "patiently":
                return random.uniform(0.3, 1.5) * self.late_window
            case _:
                return random.uniform(0.02, 0.3)

    async def goes_on(self) -> None:
        """Renews until the session is over."""
        if self.theft.strategy != "at once":
            await asyncio.sleep(self.pause())
        while self.theft.ended is None:
            token = random.choice(self.tokens) if self.theft.strategy == "with every token" else self.tokens[-1]
            try:
                status, answer = await post(
                    self.port, "/v1/sessions/refresh", {"refreshToken": token}, agent="thief")
            except (OSError, asyncio.IncompleteReadError, ValueError):
                status, answer = 503, {}
            if status == 200:
                self.tokens.append(answer["refreshToken"]["refreshToken"])
            # Where nobody answered, it does not take long until the next attempt.
            await asyncio.sleep(0.3 if status == 503 else self.pause())


def stolen_token(store: str) -> tokens.RefreshToken | None:
    """The token in a client's store; nil where nobody is signed in."""
    try:
        with open(store) as file:
            return tokens.refresh_token(json.load(file)["refreshToken"])
    except (OSError, ValueError):
        return None


async def post(port: int, path: str, body: dict, agent: str) -> tuple[int, dict]:
    return await call(port, "POST", path, agent, json.dumps(body).encode(), "Content-Type: application/json\r\n")


async def get(port: int, path: str, token: str, agent: str) -> tuple[int, dict]:
    return await call(port, "GET", path, agent, b"", f"Authorization: Bearer {token}\r\n")


async def call(port: int, method: str, path: str, agent: str, body: bytes, fields: str) -> tuple[int, dict]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\nConnection: close\r\n"
            f"{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
        return int(head[9:12]), json.loads(await reader.readexactly(int(length)) or b"{}")
    finally:
        writer.close()
