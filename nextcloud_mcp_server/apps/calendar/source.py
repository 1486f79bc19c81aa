"""Events and tasks for background sync: two document types that live in the same calendars and share one look at them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from nextcloud_mcp_server.apps.calendar.edit import categories_of
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, Kind
from nextcloud_mcp_server.apps.calendar.prose import changed_at, text_of
from nextcloud_mcp_server.core.documents import Document
from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.collections import CALENDARS, Found
from nextcloud_mcp_server.nextcloud.followed import ObjectsSource
from nextcloud_mcp_server.nextcloud.session import Session, path_of, segment

MIME = "text/calendar"


@dataclass(frozen=True)
class CalendarSource(ObjectsSource):
    """A series is one document. Calendars that Deck generates are left out."""

    holds: Kind = "VEVENT"
    kind = CALENDARS

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        """The page that Nextcloud's own search leads to."""
        me, names = self.session.user_id or "", self.names(id)
        if not names or not me:
            return None
        calendar, name = (segment(part) for part in names)
        if self.holds == "VTODO":
            return self.session.link(f"/apps/tasks/calendars/{calendar}/tasks/{name}")
        root = urlsplit(self.session.transport.address.public).path
        place = f"{root}/remote.php/dav/calendars/{path_of(me)}/{calendar}/{name}"
        return self.session.link(f"/apps/calendar/edit/{base64.b64encode(place.encode()).decode()}")

    def document(self, found: Found, me: str) -> Document | None:
        """None for what is not whole, and for a confidential one of others: of it they see only when it is."""
        try:
            read = CalendarObject.read(found.text, self.holds)
        except BadAnswer:
            return None
        private = _private(read)
        if private and found.owner != me:
            return None
        return Document(
            id=found.id,
            version=found.etag,
            title=read.main.text("SUMMARY") or "",
            text=text_of(read),
            mime_type=MIME,
            size=len(found.text),
            modified=changed_at(read),
            tags=tuple(categories_of(read.main)),
            readers=(frozenset[str]() if private else found.readers) | {found.owner},
            owner=found.owner,
        )


def event_source(session: Session) -> CalendarSource:
    return CalendarSource(session, "event", "calendar:read", "component=vevent", "VEVENT")


def task_source(session: Session) -> CalendarSource:
    return CalendarSource(session, "task", "todo:read", "component=vtodo", "VTODO")


def _private(read: CalendarObject) -> bool:
    """Whether any of its items is CLASS:PRIVATE or CONFIDENTIAL (or something unknown, which counts as PRIVATE: RFC 5545 3.8.1.3)."""
    return any((item.text("CLASS") or "PUBLIC").strip().upper() != "PUBLIC" for item in read.items)
