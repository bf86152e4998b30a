"""Reads what Martlet issues, as anyone could who holds it."""

import base64
import json
from typing import NamedTuple


class RefreshToken(NamedTuple):
    text: str
    session: str
    generation: int


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def refresh_token(text: str) -> RefreshToken:
    """Reads the fields of a refresh token (docs/rotation.md, "The token")."""
    body = decoded(text.removeprefix("mrt_"))
    hexadecimal = body[2:18].hex()
    parts = (hexadecimal[:8], hexadecimal[8:12], hexadecimal[12:16], hexadecimal[16:20], hexadecimal[20:])
    return RefreshToken(text, "-".join(parts), int.from_bytes(body[18:22], "big"))


def session_of_access_token(text: str) -> str:
    """The `sid` of an access token."""
    return json.loads(decoded(text.split(".")[1]))["sid"].lower()
