"""The embedded readers: a file's path in, text out. They run in a limited process of their own (worker.py)."""

import codecs
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from nextcloud_mcp_server.text.model import Extracted, Limits

Step = Callable[[int, int], None]
# fmt: off
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "dd", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "header",
    "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
})
# fmt: on
HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
HIDDEN = frozenset({"script", "style", "noscript", "template", "svg", "head"})


class Full(Exception):
    """The limit of characters, pages or time is reached: stop reading and keep what there is."""


@dataclass
class Collector:
    """Gathers text piece by piece and stops at the limits with a note that says so."""

    limits: Limits
    step: Step = lambda _done, _total: None
    parts: list[str] = field(default_factory=list[str])
    pages: list[int] = field(default_factory=list[int])
    notes: list[str] = field(default_factory=list[str])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    size: int = 0
    deadline: float = 0

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.limits.seconds * 0.8

    def add(self, text: str) -> None:
        room = self.limits.chars - self.size
        self.parts.append(text[:room])
        self.size += min(len(text), room)
        if len(text) > room:
            self.stop(f"cut after {self.limits.chars:,} characters")
        if time.monotonic() > self.deadline:
            self.stop(f"cut after {self.limits.seconds:.0f} seconds")

    def page(self, number: int, total: int) -> None:
        """Page `number` (from 1) of `total` (0: unknown) begins here."""
        if number > self.limits.pages:
            self.stop(f"cut after {self.limits.pages:,}{f' of {total:,}' if total else ''} pages")
        self.pages.append(self.size)
        self.step(number, total)

    def stop(self, note: str) -> None:
        self.notes.append(note)
        raise Full

    def result(self, tier: str) -> Extracted:
        return Extracted("".join(self.parts), tier, tuple(self.pages), tuple(self.notes), self.metadata)


def read_plain(path: Path, out: Collector) -> None:
    """Text of any kind: byte order marks, UTF-8, else Windows-1252."""
    with path.open("rb") as file:
        raw = file.read(out.limits.chars * 4 + 4)
    out.add(decode(raw))


def decode(raw: bytes) -> str:
    """Bytes of unknown encoding as text; line ends become `\\n`, NULs vanish."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            text = raw.decode(encoding, "replace")
            break
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def read_html(path: Path, out: Collector) -> None:
    parser = _Page(out)
    with path.open("rb") as file:
        text = decode(file.read(out.limits.chars * 8))
    for start in range(0, len(text), 65536):
        parser.feed(text[start : start + 65536])
    parser.close()


class _Page(HTMLParser):
    """Visible text with blocks on lines of their own and headings marked as Markdown marks them."""

    def __init__(self, out: Collector) -> None:
        super().__init__(convert_charrefs=True)
        self.out = out
        self.hidden: list[str] = []
        self.in_title = False
        self.fresh = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self.in_title = True
        elif tag in HIDDEN:
            self.hidden.append(tag)
        elif tag == "body":
            self.hidden.clear()
        elif tag in HEADINGS:
            self._break("\n\n")
            self.out.add(HEADINGS[tag])
        elif tag == "li":
            self._break("\n")
            self.out.add("- ")
        elif tag in BLOCKS:
            self._break("\n\n" if tag == "p" else "\n")
        elif tag in ("td", "th") and not self.fresh:
            self.out.add("\t")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self.in_title = False
        elif tag in self.hidden:
            del self.hidden[self.hidden.index(tag) :]
        elif tag in BLOCKS or tag in HEADINGS:
            self._break("\n\n" if tag in HEADINGS or tag == "p" else "\n")

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.out.metadata.setdefault("title", data.strip()[:500])
        elif not self.hidden:
            words = " ".join(data.split())
            if words:
                lead = " " if data[0].isspace() and not self.fresh else ""
                self.out.add(lead + words + (" " if data[-1].isspace() else ""))
                self.fresh = False

    def _break(self, lines: str) -> None:
        if not self.hidden and not self.fresh:
            self.out.add(lines)
            self.fresh = True
