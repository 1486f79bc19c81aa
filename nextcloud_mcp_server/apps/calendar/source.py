"""Events and tasks for background sync: two document types that live in the same calendars and share one look at them."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from nextcloud_mcp_server.apps.calendar.edit import categories_of
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, Kind
from nextcloud_mcp_server.apps.calendar.prose import changed_at, text_of
from nextcloud_mcp_server.core.documents import Document, Listing
from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.collections import AT_ONCE, CALENDARS, Found, Home
from nextcloud_mcp_server.nextcloud.fresh import Fresh
from nextcloud_mcp_server.nextcloud.session import Session, path_of, segment

MIME = "text/calendar"


@dataclass(frozen=True)
class CalendarSource:
    """Ids are `<owner>/<calendar>/<object>`; a series is one document. Calendars that Deck generates are left out."""

    session: Session
    doc_type: str
    scope: str
    kind: Kind

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        """One request for events and tasks together, and one more for every calendar that changed."""
        listing = await Home(self.session, CALENDARS).changed(since, self.doc_type, f"component={self.kind.lower()}")
        self._fresh.expect(stamp.id for stamp in listing.stamps)
        return listing

    async def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        """One request for 50, also of those that will be asked for next."""
        wanted = dict.fromkeys(ids)
        for id in ids:
            if document := self._fresh.take(id):
                del wanted[id]
                yield document
        if not wanted:
            return
        ahead = self._fresh.ahead(wanted, AT_ONCE)
        documents = [self._document(found, read) async for found, read in self._objects(ahead.ids)]
        for document in ahead.sorted(documents, wanted):
            yield document

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset([found.id async for found, _ in self._objects(ids)])

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        """The page that Nextcloud's own search leads to."""
        me = self.session.user_id or ""
        names = Home(self.session, CALENDARS).name_of(id, me)
        if not names or not me:
            return None
        calendar, name = (segment(part) for part in names)
        if self.kind == "VTODO":
            return self.session.link(f"/apps/tasks/calendars/{calendar}/tasks/{name}")
        root = urlsplit(self.session.transport.address.public).path
        place = f"{root}/remote.php/dav/calendars/{path_of(me)}/{calendar}/{name}"
        return self.session.link(f"/apps/calendar/edit/{base64.b64encode(place.encode()).decode()}")

    async def _objects(self, ids: Sequence[str]) -> AsyncIterator[tuple[Found, CalendarObject]]:
        """Those that are whole and that this person sees all of: of a confidential one others see only when it is."""
        me = await self.session.uid()
        async for found in Home(self.session, CALENDARS).objects(ids):
            try:
                read = CalendarObject.read(found.text, self.kind)
            except BadAnswer:
                continue
            if found.owner == me or not _private(read):
                yield found, read

    def _document(self, found: Found, read: CalendarObject) -> Document:
        others = frozenset[str]() if _private(read) else found.readers
        return Document(
            id=found.id,
            version=found.etag,
            title=read.main.text("SUMMARY") or "",
            text=text_of(read),
            mime_type=MIME,
            size=len(found.text),
            modified=changed_at(read),
            tags=tuple(categories_of(read.main)),
            readers=others | {found.owner},
            owner=found.owner,
        )

    @property
    def _fresh(self) -> Fresh:
        return Fresh(self.session, self.doc_type)


def event_source(session: Session) -> CalendarSource:
    return CalendarSource(session, "event", "calendar:read", "VEVENT")


def task_source(session: Session) -> CalendarSource:
    return CalendarSource(session, "task", "todo:read", "VTODO")


def _private(read: CalendarObject) -> bool:
    """Whether any of its items is CLASS:PRIVATE or CONFIDENTIAL (or something unknown, which counts as PRIVATE: RFC 5545 3.8.1.3)."""
    return any((item.text("CLASS") or "PUBLIC").strip().upper() != "PUBLIC" for item in read.items)
