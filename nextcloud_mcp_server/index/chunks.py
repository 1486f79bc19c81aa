"""Cuts a text into passages that a model sees whole: never over its limit of tokens, at the seams a reader would choose.

Headings begin a passage, then come paragraphs, lines, sentences, words. A passage repeats the end of the one before
it (whole sentences, up to the overlap), so that nothing is cut out of its context.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEADING = 5
SENTENCE = 2
SEAMS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (HEADING, re.compile(r"^(?=#{1,6} )", re.MULTILINE)),
    (4, re.compile(r"\n[ \t]*\n\s*")),
    (3, re.compile(r"\n")),
    (SENTENCE, re.compile(r"(?<=[.!?…。！？])[\"'»”’)\]]*\s+|(?<=[。！？])")),
    (1, re.compile(r"\s+")),
)
LEAST = 0.5
"""A passage ends at the best seam in the rest of its room beyond this share of it."""
SECTION = 0.3
"""A heading beyond this share of the room begins a new passage."""
LONG = 100
"""More characters without a space than this are one unknown token for some models, but many once they are cut."""


@dataclass(frozen=True, slots=True)
class Passage:
    """`text[start:end]` of the document, without white space at its ends; `page` from 1 where the document has pages."""

    index: int
    start: int
    end: int
    page: int | None = None


def chunk(text: str, tokens: Sequence[int], *, limit: int, overlap: int = 0, pages: Sequence[int] = ()) -> list[Passage]:
    """The passages of a text. `tokens` are the offsets at which the model's tokens begin, `limit` and `overlap` count tokens.

    `pages` are the offsets at which pages begin; a passage belongs to the page that it begins on.
    """
    room = _Room(_dense(text, tokens), _seams(text), limit, min(overlap, int(limit * SECTION)))
    passages: list[Passage] = []
    start, end = _skip_space(text, 0), 0
    while start < len(text):
        end = room.end(start, end, len(text))
        stop = start + len(text[start:end].rstrip())
        passages.append(Passage(len(passages), start, stop, _page(start, pages)))
        start = room.resume(start, end) if _skip_space(text, end) < len(text) else len(text)
        start = _skip_space(text, start)
    return passages


def _seams(text: str) -> bytearray:
    """How strong the seam at each offset is; 0 where there is none."""
    best = bytearray(len(text) + 1)
    for strength, pattern in SEAMS:
        for match in pattern.finditer(text):
            best[match.end()] = best[match.end()] or strength
    return best


@dataclass(frozen=True, slots=True)
class _Room:
    tokens: Sequence[int]
    seams: bytearray
    limit: int
    overlap: int

    def end(self, start: int, after: int, size: int) -> int:
        """Where the passage that begins at `start` ends: beyond `after` and with no more than `limit` tokens."""
        first = bisect_left(self.tokens, start)
        room = self._share(len(self.tokens) - first)
        most = self._offset(first + room, size)
        window = self._window(max(after, self._offset(first + int(room * SECTION), size)), most)
        heading = next((offset for offset, strength in window if strength == HEADING), None)
        if heading or most == size:
            return heading or size
        window = self._window(max(after, self._offset(first + int(room * LEAST), size)), most) or self._window(max(after, start), most)
        strongest = max((strength for _, strength in window), default=0)
        return max((offset for offset, strength in window if strength == strongest), default=most)

    def _share(self, rest: int) -> int:
        """The room of a passage: the last two share what is left, so that no scrap remains without its context."""
        if self.limit < rest < 2 * self.limit - self.overlap:
            return min(self.limit, (rest + self.overlap) // 2 + self.limit // 16 + 1)
        return self.limit

    def resume(self, start: int, end: int) -> int:
        """Where the next passage begins: at a sentence or line within the overlap before `end`, never across a heading."""
        last = bisect_left(self.tokens, end)
        window = self._window(max(start, self._offset(last - self.overlap, end) - 1), end)
        if not self.overlap or (window and window[-1] == (end, HEADING)):
            return end
        return next((offset for offset, strength in window if strength >= SENTENCE), end)

    def _offset(self, token: int, default: int) -> int:
        return self.tokens[max(0, token)] if token < len(self.tokens) else default

    def _window(self, after: int, until: int) -> list[tuple[int, int]]:
        """The seams beyond `after`, up to and with `until`."""
        return [(at, strength) for at, strength in enumerate(self.seams[after + 1 : until + 1], after + 1) if strength]


def _dense(text: str, tokens: Sequence[int]) -> Sequence[int]:
    """The tokens, with one for every character of endless words."""
    words = [match.span() for match in re.finditer(rf"\S{{{LONG},}}", text)]
    if not words:
        return tokens
    dense, done = array("I"), 0
    for start, end in words:
        dense.extend(tokens[done : bisect_left(tokens, start, done)])
        dense.extend(range(start, end))
        done = bisect_left(tokens, end, done)
    dense.extend(tokens[done:])
    return dense


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _page(offset: int, pages: Sequence[int]) -> int | None:
    if not pages:
        return None
    return max(1, bisect_right(pages, offset))


_TOKEN = re.compile(r"[A-Za-z]+|\d+|[^\W\d_]|\S")


def estimate(text: str) -> Sequence[int]:
    """Where tokens would begin for a model whose tokeniser is not here: more of them than any common tokeniser makes.

    Three letters or two digits a token, every other sign and every letter of another script one of its own.
    """
    return array("I", _estimated(text))


def _estimated(text: str) -> Iterator[int]:
    for match in _TOKEN.finditer(text):
        first = match.group()[0]
        if first.isascii() and first.isalpha():
            yield from range(match.start(), match.end(), 3)
        elif first.isascii() and first.isdigit():
            yield from range(match.start(), match.end(), 2)
        else:
            yield match.start()
