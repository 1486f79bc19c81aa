"""Content on its way to a file: measured first, then sent in pieces, so that it is in memory once."""

import binascii
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from nextcloud_mcp_server.core.errors import InvalidValue, TooLarge

SLICE = 65536


@dataclass(frozen=True)
class Upload:
    """A file's content as text or base64; `size` in bytes and `digest` (SHA-1, hexadecimal) are those of the decoded bytes."""

    content: str
    is_base64: bool
    size: int
    digest: str

    async def body(self) -> AsyncIterator[bytes]:
        for piece in _bytes(self.content, self.is_base64):
            yield piece


def upload(content: str, *, is_base64: bool, most: int) -> Upload:
    """Measures `content`. Raises TooLarge over `most` bytes (0: no limit), InvalidValue for what is no base64 or no text."""
    if is_base64 and any(character.isspace() for character in content):
        content = "".join(content.split())
    estimate = len(content) * 3 // 4 - 2 if is_base64 else len(content)
    if most and estimate > most:
        raise _too_large(estimate, most)
    size, digest = 0, hashlib.sha1(usedforsecurity=False)
    try:
        for piece in _bytes(content, is_base64):
            size += len(piece)
            digest.update(piece)
    except binascii.Error as error:
        raise InvalidValue(f"The content is not valid base64: {error}.") from None
    except UnicodeEncodeError as error:
        raise InvalidValue(f"The content holds half of a character at {error.start}, which UTF-8 cannot write.") from None
    if most and size > most:
        raise _too_large(size, most)
    return Upload(content, is_base64, size, digest.hexdigest())


def _bytes(content: str, is_base64: bool) -> Iterator[bytes]:
    for start in range(0, len(content), SLICE):
        piece = content[start : start + SLICE]
        yield binascii.a2b_base64(piece, strict_mode=True) if is_base64 else piece.encode()


def _too_large(size: int, most: int) -> TooLarge:
    return TooLarge(f"The content has {size} bytes, more than the {most} that this server writes.", hint="An administrator sets the limit.")
