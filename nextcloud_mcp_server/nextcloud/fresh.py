"""What a listing brought along or announced, kept for the fetches that follow it one by one in the same process.

A fetch must never get an older version than the listing saw. So a new listing replaces what an earlier one left, and what
was read ahead is only kept while no newer listing began.
"""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field

from nextcloud_mcp_server.core.documents import Document
from nextcloud_mcp_server.nextcloud.session import Session

CHARACTERS = 32 * 1024 * 1024
OVERHEAD = 512
SECONDS = 120.0
PEOPLE = 10_000


@dataclass
class _Expected:
    """Ids that a listing named and nobody asked for yet; `round` counts listings."""

    round: int = 0
    ids: dict[str, None] = field(default_factory=dict[str, None])


@dataclass
class _Shelf:
    """Documents by credential, type and id, and for how long (monotonic seconds), the oldest first."""

    kept: "OrderedDict[tuple[str, str, str], tuple[Document, float]]" = field(
        default_factory=OrderedDict[tuple[str, str, str], tuple[Document, float]]
    )
    expected: dict[tuple[str, str], _Expected] = field(default_factory=dict[tuple[str, str], _Expected])
    size: int = 0

    def put(self, key: tuple[str, str, str], document: Document) -> None:
        self.take(key)
        self.kept[key] = document, time.monotonic() + SECONDS
        self.size += _size(document)
        while self.size > CHARACTERS:
            self.take(next(iter(self.kept)))

    def has(self, key: tuple[str, str, str]) -> bool:
        return key in self.kept and time.monotonic() < self.kept[key][1]

    def take(self, key: tuple[str, str, str]) -> Document | None:
        document, until = self.kept.pop(key, (None, 0.0))
        if document is None:
            return None
        self.size -= _size(document)
        return document if time.monotonic() < until else None


@dataclass(frozen=True)
class Fresh:
    """The shelf of one person and one document type."""

    session: Session
    doc_type: str

    def expect(self, ids: Iterable[str]) -> None:
        """A listing named these as new or changed: what is kept of them is older."""
        expected = self._expected
        expected.round += 1
        expected.ids = dict.fromkeys(ids)
        for id in expected.ids:
            self._shelf.take(self._key(id))

    def bring(self, document: Document) -> None:
        """The listing had the document itself."""
        self._shelf.put(self._key(document.id), document)

    def take(self, id: str) -> Document | None:
        """What is kept of it, once."""
        self._expected.ids.pop(id, None)
        return self._shelf.take(self._key(id))

    def ahead(self, ids: Iterable[str], most: int) -> "Ahead":
        """These ids and further expected ones, `most` together: to be read in one request."""
        expected, shelf = self._expected, self._shelf
        batch = dict.fromkeys(ids)
        for id in expected.ids:
            if len(batch) >= most:
                break
            if not shelf.has(self._key(id)):
                batch[id] = None
        for id in batch:
            expected.ids.pop(id, None)
        return Ahead(self, expected.round, tuple(batch))

    async def fetched(
        self, ids: Sequence[str], most: int, read: Callable[[Sequence[str]], Awaitable[Iterable[Document]]]
    ) -> AsyncIterator[Document]:
        """What is kept of these ids; the others by one `read` of `most`, also of those that will be asked for next."""
        wanted = dict.fromkeys(ids)
        for id in ids:
            if document := self.take(id):
                del wanted[id]
                yield document
        if wanted:
            ahead = self.ahead(wanted, most)
            for document in ahead.sorted(await read(ahead.ids), wanted):
                yield document

    def awaits(self, id: str, ahead: "Ahead") -> bool:
        """Whether a document read ahead is still the newest that was listed, and nobody has asked for it yet."""
        expected = self._expected
        return expected.round == ahead.round and (id in ahead.ids or id in expected.ids)

    @property
    def _shelf(self) -> _Shelf:
        return self.session.cache.shelf(_Shelf)

    @property
    def _expected(self) -> _Expected:
        everybody, key = self._shelf.expected, (self.session.credential.key, self.doc_type)
        found = everybody.pop(key, None) or _Expected()
        everybody[key] = found
        while len(everybody) > PEOPLE:
            del everybody[next(iter(everybody))]
        return found

    def _key(self, id: str) -> tuple[str, str, str]:
        return self.session.credential.key, self.doc_type, id


@dataclass(frozen=True)
class Ahead:
    """A batch that is being read; documents are kept only if no listing began meanwhile."""

    fresh: Fresh
    round: int
    ids: tuple[str, ...]

    def sorted(self, documents: Iterable[Document], wanted: Container[str]) -> list[Document]:
        """Those that are wanted now; those that were asked for with them, or that a listing named, are kept."""
        now: list[Document] = []
        for document in documents:
            if document.id in wanted:
                now.append(document)
            elif self.fresh.awaits(document.id, self):
                self.fresh.bring(document)
        return now


def _size(document: Document) -> int:
    return len(document.text) + OVERHEAD
