"""What was read or written so recently that its ETag may lie.

Nextcloud keeps the ETag of a file when two writes fall into one second, so `If-Match` cannot tell the second version from
the first. Where an ETag was seen in its first seconds, size and checksum are remembered with it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

ENTRIES = 4096
YOUNG = 2.0


@dataclass(frozen=True, slots=True)
class Content:
    """Size in bytes and SHA-1 (hexadecimal) of a version."""

    size: int
    digest: str


@dataclass
class Recent:
    """Contents by credential, path and ETag; the oldest are forgotten first."""

    contents: OrderedDict[tuple[str, str, str], Content] = field(default_factory=OrderedDict[tuple[str, str, str], Content])

    def saw(self, key: tuple[str, str, str], content: Content) -> None:
        self.contents[key] = content
        self.contents.move_to_end(key)
        while len(self.contents) > ENTRIES:
            self.contents.popitem(last=False)


def young(headers: Mapping[str, str]) -> bool:
    """Whether a file changed within two seconds before this answer, by the server's own clock; unknown counts as young."""
    try:
        age = parsedate_to_datetime(headers["Date"]) - parsedate_to_datetime(headers["Last-Modified"])
    except (KeyError, ValueError, TypeError):
        return True
    return age.total_seconds() <= YOUNG
