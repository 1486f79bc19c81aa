"""What is kept of a passage beside its vectors: opaque to the stores, encrypted where there is a key."""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import orjson
from cryptography.fernet import InvalidToken

from nextcloud_mcp_server.core.errors import NotFound


class Unreadable(NotFound):
    """A stored passage does not open; it is left out, and the others are not concerned."""

    hint = "It is found again when its document is indexed anew."


class Cipher(Protocol):
    """Authenticated encryption of small things, e.g. the vault's."""

    def encrypt(self, data: bytes, /) -> bytes: ...

    def decrypt(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Body:
    """A passage as it is shown. `start` and `end` are offsets into the document's text, `of` its number of passages."""

    title: str
    text: str
    start: int = 0
    end: int = 0
    page: int | None = None
    of: int = 1
    path: str | None = None
    mime_type: str = "text/plain"
    modified: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


def seal(body: Body, cipher: Cipher | None) -> str:
    """A body as it is stored."""
    raw = orjson.dumps(asdict(body))
    return base64.b85encode(cipher.encrypt(raw)).decode() if cipher else raw.decode()


def unseal(stored: str, cipher: Cipher | None) -> Body:
    """A stored body, of a store with or without encryption. Raises Unreadable."""
    if _is_plain(stored):
        return Body(**orjson.loads(stored))
    if cipher is None:
        raise Unreadable("The passage is encrypted and there is no key.")
    try:
        return Body(**orjson.loads(cipher.decrypt(base64.b85decode(stored))))
    except (InvalidToken, ValueError):
        raise Unreadable("The passage does not open with any of the keys given.") from None


def is_under(stored: str, cipher: Cipher) -> bool:
    """Whether a stored body was encrypted with this one key."""
    if _is_plain(stored):
        return False
    try:
        cipher.decrypt(base64.b85decode(stored))
    except (InvalidToken, ValueError):
        return False
    return True


def _is_plain(stored: str) -> bool:
    return stored.startswith("{") and stored.endswith("}")
