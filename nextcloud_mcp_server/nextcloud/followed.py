"""The objects of calendars and address books as a source of background sync."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from nextcloud_mcp_server.core.documents import Document, Listing
from nextcloud_mcp_server.nextcloud.collections import AT_ONCE, Found, Home, Kind
from nextcloud_mcp_server.nextcloud.fresh import Fresh
from nextcloud_mcp_server.nextcloud.session import Session


@dataclass(frozen=True)
class ObjectsSource:
    """Ids are `<owner>/<collection>/<object>`; `component` chooses objects by their content type."""

    session: Session
    doc_type: str
    scope: str
    component: str = ""
    kind: ClassVar[Kind]

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        """One request for the whole home (for all document types that live in it together), and one for every collection that changed."""
        listing = await self._home.changed(since, self.doc_type, self.component)
        self._fresh.expect(stamp.id for stamp in listing.stamps)
        return listing

    def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        """One request for 50, also of those that will be asked for next."""
        return self._fresh.fetched(ids, AT_ONCE, self._read)

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(document.id for document in await self._read(ids))

    def document(self, found: Found, me: str) -> Document | None:
        """What an object is to search; None for what this person may not find."""
        raise NotImplementedError

    def names(self, id: str) -> tuple[str, str] | None:
        """Collection and object of an id in this person's own home."""
        return self._home.name_of(id, self.session.user_id or "")

    async def _read(self, ids: Sequence[str]) -> Sequence[Document]:
        me = await self.session.uid()
        return [document async for found in self._home.objects(ids) if (document := self.document(found, me))]

    @property
    def _home(self) -> Home:
        return Home(self.session, self.kind)

    @property
    def _fresh(self) -> Fresh:
        return Fresh(self.session, self.doc_type)
