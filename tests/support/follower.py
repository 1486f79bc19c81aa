"""Follows one source as a scanner and processors do, so that tests can say what a change came to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from nextcloud_mcp_server.core.documents import Document, IndexSource
from nextcloud_mcp_server.index.plan import Stored, plan
from nextcloud_mcp_server.nextcloud.session import Session


@dataclass
class Scan:
    """What one scan came to: documents that are new or say something else, and those that went. `requests` are the listing's."""

    changed: set[str] = field(default_factory=set[str])
    dropped: set[str] = field(default_factory=set[str])
    withheld: str | None = None
    requests: int = 0
    fetching: int = 0

    def among(self, ids: Iterable[str]) -> "Scan":
        """Only of these documents: on a real Nextcloud other people work too."""
        mine = set(ids)
        return replace(self, changed=self.changed & mine, dropped=self.dropped & mine)


class Follower:
    """An index of one document type of one person. `documents` hold what was indexed, `text` also of files."""

    def __init__(self, source: IndexSource, only: str = "") -> None:
        self.source, self.only = source, only
        self.state: dict[str, Any] | None = None
        self.stored: dict[str, Stored] = {}
        self.documents: dict[str, Document] = {}

    async def scan(self, *, one_by_one: bool = True) -> Scan:
        """`one_by_one` as the processors fetch."""
        session: Session = getattr(self.source, "session")  # noqa: B009 - every source has one, the protocol does not say so
        transport = session.transport
        before, listed_at = transport.sent, datetime.now(UTC)
        listing = await self.source.list(self.state)
        requests = transport.sent - before
        made = plan(self.stored, listing, listed_at)
        scan = Scan(withheld=made.withheld, requests=requests)
        if listing.complete and made.settled and not made.withheld:
            self.state = orjson.loads(orjson.dumps(listing.state))
        if made.doubted:
            self.state = None
        before = transport.sent
        wanted = {item.stamp.id: item for item in (*made.fetch, *made.doubted)}
        for ids in [[id] for id in wanted] if one_by_one else [list(wanted)]:
            await self._fetch(ids, wanted, scan)
        for item in made.drop:
            self._drop(item.id, scan)
        scan.fetching = transport.sent - before
        return scan

    async def _fetch(self, ids: list[str], wanted: dict[str, Any], scan: Scan) -> None:
        missing = set(ids)
        async for document in self.source.fetch(ids):
            assert document.id in missing, "a document that was not asked for"
            missing.discard(document.id)
            await self._index(document, settled=wanted[document.id].settled, scan=scan)
            if not missing:
                break
        for id in missing:
            self._drop(id, scan)

    async def _index(self, document: Document, *, settled: bool, scan: Scan) -> None:
        known = self.documents.get(document.id)
        same = known and (known.version, known.title, known.path) == (document.version, document.title, document.path)
        if document.content is not None:
            mine = self.only in (document.path or "")
            text = b"".join([piece async for piece in document.content]).decode(errors="replace") if mine else ""
            document = replace(document, text=text, content=None)
        if not same or (known and known.text != document.text):
            scan.changed.add(document.id)
        self.documents[document.id] = document
        self.stored[document.id] = Stored(document.version, settled)

    def _drop(self, id: str, scan: Scan) -> None:
        if self.stored.pop(id, None) is not None:
            self.documents.pop(id, None)
            scan.dropped.add(id)

    def named(self, title: str) -> Document:
        """The one document with this title."""
        found = [document for document in self.documents.values() if document.title == title]
        assert len(found) == 1, [document.title for document in self.documents.values()]
        return found[0]

    def titles(self, part: str) -> list[str]:
        """The titles that have this in them."""
        return sorted(document.title for document in self.documents.values() if part in document.title)
