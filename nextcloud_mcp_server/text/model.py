"""What goes into an extraction and what comes out."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nextcloud_mcp_server.core.errors import InvalidValue


class Unreadable(InvalidValue):
    """The bytes are not a readable file of their type: damaged, encrypted, or a bomb. Trying again does not help."""

    hint = "Open the file in Nextcloud to see whether it is whole."


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost. A document over `bytes` is refused; over `pages`, `chars` or most of `seconds` it is cut, with a note."""

    bytes: int = 50 * 2**20
    pages: int = 2000
    chars: int = 5_000_000
    seconds: float = 120
    memory: int = 768 * 2**20


@dataclass(frozen=True, slots=True)
class Extracted:
    """`pages[i]` is the offset into `text` where page i + 1 begins; empty for what has no pages. `tier` names the engine."""

    text: str
    tier: str
    pages: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])

    def page_at(self, offset: int) -> int | None:
        """The page (from 1) that holds the character at `offset`."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None


@dataclass(frozen=True, slots=True)
class Tesseract:
    """Recognises the text of images and of pages without text. `languages` as Tesseract takes them: `eng+deu`."""

    command: str = "tesseract"
    languages: str = "eng"


@dataclass(frozen=True, slots=True)
class Remote:
    """A text extraction service for the MIME types in `types` (`image/*` patterns allowed). `seconds` is its time-out."""

    kind: Literal["unstructured", "docling", "custom"]
    url: str
    types: tuple[str, ...]
    name: str = ""
    api_key: str = field(default="", repr=False)
    seconds: float = 120
    options: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Engines:
    """Which engines there are beside the embedded ones; a remote that names a type goes before the embedded engine."""

    tesseract: Tesseract | None = None
    remotes: tuple[Remote, ...] = ()
