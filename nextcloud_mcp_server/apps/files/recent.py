"""What was read or written so recently that its ETag may lie.

Nextcloud makes the ETag of a file from its modification time in seconds, so two writes within one second keep one ETag and
`If-Match` cannot tell the second version from the first. Where an ETag was seen in its first seconds, size and checksum are
remembered with it, and the next write through here gets a modification time, and so an ETag, of its own.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from weakref import WeakValueDictionary

ENTRIES = 4096
YOUNG = 2.0


@dataclass(frozen=True, slots=True)
class Content:
    """Size in bytes and SHA-1 (hexadecimal) of a version."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A content behind an ETag; another write could get the same ETag `until` then (monotonic seconds)."""

    content: Content
    until: float


@dataclass
class Recent:
    """Contents by credential, path and ETag, the oldest forgotten first; and a lock for each file that is being written."""

    contents: OrderedDict[tuple[str, str, str], Seen] = field(default_factory=OrderedDict[tuple[str, str, str], Seen])
    locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary[tuple[str, str], asyncio.Lock])

    def saw(self, key: tuple[str, str, str], content: Content, before: Seen | None = None) -> None:
        """`before` is the version that was replaced, whose successor was dated one second later."""
        until = time.monotonic() + YOUNG
        self.contents[key] = Seen(content, max(until, before.until + 1) if before else until)
        self.contents.move_to_end(key)
        while len(self.contents) > ENTRIES:
            self.contents.popitem(last=False)

    def lock(self, user: str, path: str) -> asyncio.Lock:
        """One writer at a time in this process: Nextcloud compares first and writes later."""
        found = self.locks.get((user, path))
        if found is None:
            found = self.locks[user, path] = asyncio.Lock()
        return found


def seconds(modified: str | None) -> int | None:
    """An RFC 1123 date in unix seconds."""
    try:
        return int(parsedate_to_datetime(modified or "").timestamp())
    except (ValueError, TypeError):
        return None


def young(headers: Mapping[str, str]) -> bool:
    """Whether a file changed within two seconds before this answer, by the server's own clock; unknown counts as young."""
    answered, changed = seconds(headers.get("Date")), seconds(headers.get("Last-Modified"))
    return answered is None or changed is None or answered - changed <= YOUNG
