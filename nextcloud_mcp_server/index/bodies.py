"""What is kept of a passage beside its vectors: opaque to the stores, encrypted where there is a key."""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import orjson


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
    """A stored body, of a store with or without encryption. Raises the cipher's error for a wrong key."""
    if stored.startswith("{") and stored.endswith("}"):
        return Body(**orjson.loads(stored))
    if cipher is None:
        raise ValueError("The passage is encrypted and there is no key.")
    return Body(**orjson.loads(cipher.decrypt(base64.b85decode(stored))))
