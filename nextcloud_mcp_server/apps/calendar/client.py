"""Calendars over CalDAV (RFC 4791, RFC 6638) as Nextcloud 32 speaks it."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeVar

from nextcloud_mcp_server.apps.calendar import wire
from nextcloud_mcp_server.apps.calendar.edit import Author, utc_value
from nextcloud_mcp_server.apps.calendar.homes import calendar_of
from nextcloud_mcp_server.apps.calendar.models import Calendar
from nextcloud_mcp_server.apps.calendar.objects import PRODID, WORD, CalendarObject, Kind
from nextcloud_mcp_server.apps.calendar.people import Address
from nextcloud_mcp_server.apps.calendar.times import Span
from nextcloud_mcp_server.core.errors import AlreadyExists, BadAnswer, Changed, InvalidValue, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.answers import bare_etag, quoted_etag
from nextcloud_mcp_server.nextcloud.collections import CALENDARS
from nextcloud_mcp_server.nextcloud.content_lines import Component, component, line
from nextcloud_mcp_server.nextcloud.dav import Resource, parse_multistatus
from nextcloud_mcp_server.nextcloud.objects import XML, Collections, Stored
from nextcloud_mcp_server.nextcloud.session import segment

T = TypeVar("T")
DAY = timedelta(days=1)
IN_TRASH = "One with the same UID lies in that calendar's trash: nc_calendar_restore_event brings it back."
READERS = {"VEVENT": "nc_calendar_get_event", "VTODO": "nc_calendar_list_todos"}
LISTINGS = {"VEVENT": "nc_calendar_list_events", "VTODO": "nc_calendar_list_todos"}


@dataclass(frozen=True)
class InTrash:
    """A deleted object, and when it was deleted where that is told."""

    opened: CalendarObject
    deleted_at: datetime | None


class Calendars(Collections):
    """The calendars of one person."""

    kind = CALENDARS
    media = "text/calendar"
    # Without it Nextcloud shows a webcal subscription as empty: clients are expected to fetch its address themselves.
    headers = {"X-NC-CalDAV-Webcal-Caching": "On"}  # noqa: RUF012 - the base declares it

    async def here(self) -> tzinfo:
        """The person's time zone."""
        return (await self.session.person()).zone

    async def author(self) -> Author:
        person = await self.session.person()
        return Author(person.zone, Address(person.email, person.display_name) if person.email else None)

    async def all(self) -> list[Calendar]:
        """Every calendar and subscription, in Nextcloud's order, without those in the trash."""
        return [one for one in await self._every() if not one.deleted]

    async def named(self, name: str) -> Calendar:
        """One calendar. Raises NotFound with the names there are."""
        found = await self.all()
        for one in found:
            if one.name == name:
                return one
        raise _unknown(name, found)

    async def _every(self) -> list[Calendar]:
        uid = await self.session.uid()
        return await self.home(wire.listing(), lambda one: calendar_of(one, uid))

    async def create_calendar(self, name: str, values: Mapping[str, str], kinds: Sequence[str]) -> int:
        """Raises AlreadyExists for a name that is taken, also by a calendar in the trash."""
        what = f"calendar {name!r}"
        try:
            path = await self.path(name)
            return (await self.session.request("MKCALENDAR", path, what=what, headers=XML, data=wire.make(values, kinds))).status
        except InvalidValue:
            taken = next((one for one in await self._every() if one.name == name), None)
            if taken is None:
                raise
            hint = 'It lies in the trash: action="restore" brings it back.' if taken.deleted else None
            raise AlreadyExists(f"There is a calendar {name!r} already.", hint=hint) from None

    async def update_calendar(self, name: str, values: Mapping[str, str]) -> int:
        what = f"calendar {name!r}"
        answer = await self.session.request("PROPPATCH", await self.path(name), what=what, headers=XML, data=wire.patch(values))
        if missed := wire.refused(values, parse_multistatus(answer.body, what).resources, answer.body):
            raise NotPermitted(f"Nextcloud did not change {', '.join(missed)} of {what}.")
        return answer.status

    async def delete_calendar(self, name: str) -> int:
        return (await self.session.request("DELETE", await self.path(name), what=f"calendar {name!r}")).status

    async def restore_calendar(self, name: str) -> int:
        """Takes a calendar out of the trash. Raises NotFound where it is not there."""
        gone = [one.name for one in await self._every() if one.deleted]
        if name not in gone:
            raise NotFound(f"There is no calendar {name!r} in the trash.", candidates=gone, hint="")
        return await self._restore(await self.path(name), f"calendar {name!r}")

    async def objects(self, calendar: str, kind: Kind, take: Callable[[CalendarObject], T | None], span: Span | None = None) -> list[T]:
        """What `take` makes of each object of one kind, or of those that Nextcloud finds in the span, as they arrive; None drops one.

        Floating times may lie up to a day beside the span. What cannot be read is left out.
        """
        wide = Span(span.start and span.start - DAY, span.end and span.end + DAY) if span else None

        def keep(resource: Resource) -> T | None:
            opened = self._opened(calendar, resource, kind)
            return take(opened) if opened else None

        what = f"the {WORD[kind]}s of calendar {calendar!r}"
        return await self.report(await self.path(calendar), wire.query(kind, wide), keep, what)

    def _opened(self, calendar: str, resource: Resource, kind: Kind) -> CalendarObject | None:
        with suppress(BadAnswer):
            return CalendarObject.of(stored, kind) if (stored := self.stored(calendar, resource)) else None
        return None

    async def find(self, calendar: str, uid: str, kind: Kind) -> CalendarObject:
        """The object with this UID: by the name that clients give it, else by a query, for names may differ.

        Raises NotFound for the object, or for the calendar with the names there are.
        """
        with suppress(NotFound, BadAnswer, InvalidValue):
            found = await self._read(calendar, f"{uid}.ics", kind, uid)
            if found.uid == uid:
                return found
        what, query = f"{WORD[kind]} {uid!r}", wire.query(kind, uid=uid)
        try:
            every = await self.report(await self.path(calendar), query, lambda one: self._opened(calendar, one, kind), what)
            if same := next((one for one in every if one.uid == uid), None):
                return await self.exact(same)
        except NotFound:
            await self.named(calendar)
        raise NotFound(f"{what[:1].upper()}{what[1:]} not found in calendar {calendar!r}.", hint=f"UIDs come from {LISTINGS[kind]}.")

    async def exact(self, opened: CalendarObject) -> CalendarObject:
        """The object with its very bytes: reports leave the carriage returns out, and the etag (the md5 of the text) tells whether
        putting them back is right; else it is read by itself. Raises Changed where it changed since.
        """
        stored = opened.stored
        for text in (stored.text.replace("\n", "\r\n"), stored.text):
            if hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() == stored.etag:
                return CalendarObject.of(replace(stored, text=text), opened.kind)
        read = await self._read(stored.collection, stored.name, opened.kind, opened.uid)
        if read.stored.etag != stored.etag:
            raise _stale(read, read.stored.etag)
        return read

    async def _read(self, calendar: str, name: str, kind: Kind, uid: str) -> CalendarObject:
        what = f"{WORD[kind]} {uid!r}"
        answer = await self.session.request("GET", await self.path(calendar, name), what=what, headers=self.headers)
        try:
            return CalendarObject.of(Stored(calendar, name, answer.etag or "", answer.body.decode()), kind)
        except UnicodeDecodeError:
            raise BadAnswer(f"Nextcloud's text of {what} is not UTF-8.") from None

    async def create(self, calendar: str, made: CalendarObject) -> int:
        """A new object, named by its UID. Raises InvalidValue where the calendar does not accept its kind."""
        made.stored = Stored(calendar, f"{made.uid}.ics", "", "")
        return await self.save(made)

    async def save(self, changed: CalendarObject, etag: str | None = None) -> int:
        """Writes a new version. Raises Changed where the object is not at `etag` (by default the version that was read) any more."""
        stored = changed.stored
        if etag and bare_etag(etag) not in (stored.etag, "*"):
            raise _stale(changed, stored.etag)
        try:
            answer = await self.put(stored, str(changed), changed.what)
        except Changed as error:
            raise _stale(changed, error.etag) from None
        except (NotFound, NotPermitted, BadAnswer) as error:
            raise await self._explained(error, stored.collection, changed) from None
        if answer.etag:
            changed.stored = replace(stored, etag=answer.etag, text=str(changed))
        else:
            changed.stored = (await self._read(stored.collection, stored.name, changed.kind, changed.uid)).stored
        return answer.status

    async def delete(self, opened: CalendarObject, etag: str | None = None) -> int:
        """Moves an object to the trash, unless it changed."""
        headers = {**self.headers, "If-Match": quoted_etag(etag or opened.stored.etag)}
        path = await self.path(opened.calendar, opened.stored.name)
        try:
            return (await self.session.request("DELETE", path, what=opened.what, headers=headers)).status
        except Changed as error:
            raise _stale(opened, error.etag) from None
        except NotPermitted as error:
            raise await self._explained(error, opened.calendar, opened) from None

    async def move(self, opened: CalendarObject, target: str) -> int:
        """Puts an object into another calendar as it is. Raises AlreadyExists where the target has its name or UID."""
        headers = {**self.headers, "Overwrite": "F", "If-Match": quoted_etag(opened.stored.etag)}
        name = opened.stored.name
        try:
            return await self._move(await self.path(opened.calendar, name), await self.path(target, name), opened.what, headers)
        except (NotFound, NotPermitted, BadAnswer) as error:
            raise await self._explained(error, target, opened) from None

    async def free_busy(self, people: Sequence[Address], span: Span) -> dict[str, Component | None]:
        """What each person's calendar says of the span; None for one that Nextcloud does not know (RFC 6638 5)."""
        author = await self.author()
        uid = await self.session.uid()
        organizer = f"mailto:{author.mail}" if author.mail else f"/remote.php/dav/principals/users/{segment(uid)}/"
        bounds = [line(name, f"{point:%Y%m%dT%H%M%SZ}") for name, point in (("DTSTART", span.start), ("DTEND", span.end)) if point]
        asked = [line("ATTENDEE", f"mailto:{person.mail}") for person in people]
        lines = [line("UID", f"free-busy-{utc_value()}"), line("DTSTAMP", utc_value()), *bounds, line("ORGANIZER", organizer), *asked]
        head = [line("VERSION", "2.0"), line("PRODID", PRODID), line("METHOD", "REQUEST")]
        body = str(component("VCALENDAR", *head, component("VFREEBUSY", *lines)))
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        answer = await self.session.request("POST", await self.path("outbox"), what="free times", headers=headers, data=body.encode())
        return wire.free_busy_replies(answer.body)

    async def trash(self, kind: Kind) -> list[InTrash]:
        """What was deleted."""

        def take(resource: Resource) -> InTrash | None:
            opened, deleted = self._opened(resource.text(wire.FROM_CALENDAR) or "", resource, kind), resource.text(wire.DELETED_AT)
            return InTrash(opened, _when(deleted or "")) if opened else None

        return await self.report(f"{await self.path('trashbin')}objects/", wire.trash_query(kind), take, "the calendar trash")

    async def restore(self, trashed: InTrash) -> int:
        return await self._restore(f"{await self.path('trashbin')}objects/{segment(trashed.opened.stored.name)}", "the deleted item")

    async def _restore(self, path: str, what: str) -> int:
        return await self._move(path, f"{await self.path('trashbin')}restore/item", what, {})

    async def _move(self, path: str, place: str, what: str, headers: Mapping[str, str]) -> int:
        sent = {**headers, "Destination": f"{self.session.transport.address.base}{place}"}
        return (await self.session.request("MOVE", path, what=what, headers=sent)).status

    async def _explained(self, error: Exception, calendar: str, given: CalendarObject) -> Exception:
        """Why a calendar did not take an object, where it can be told; else the error itself."""
        found, word = await self.all(), WORD[given.kind]
        target = next((one for one in found if one.name == calendar), None)
        if target is None:
            return _unknown(calendar, found) if isinstance(error, NotFound) else error
        if not target.accepts(given.kind):
            why = "is read-only" if target.read_only else f"does not accept {word}s"
            names = [one.name for one in found if one.accepts(given.kind)]
            hint = "Use one of these." if names else f'nc_calendar_manage_calendar with action="create" makes one for {word}s.'
            return InvalidValue(f"Calendar {calendar!r} {why}.", candidates=names, hint=hint)
        if isinstance(error, NotPermitted) and "instances" in error.message:
            return InvalidValue(f"The {word} would recur on no date at all: its rule ends before it begins, or all is taken out.")
        if isinstance(error, BadAnswer) and any(one.opened.uid == given.uid for one in await self.trash(given.kind)):
            return AlreadyExists(f"Calendar {calendar!r} cannot take {given.what}.", hint=IN_TRASH)
        return error

    async def href(self, opened: CalendarObject) -> str:
        """The address of an object below Nextcloud's."""
        return await self.path(opened.calendar, opened.stored.name)


def _unknown(name: str, found: Iterable[Calendar]) -> NotFound:
    return NotFound(f"Calendar {name!r} not found.", candidates=[one.name for one in found], hint="Use a name, not a display name.")


def _stale(opened: CalendarObject, etag: str | None) -> Changed:
    hint = f"Read it again with {READERS[opened.kind]}, apply the change to what is there now, and send the new etag."
    return Changed(f"{WORD[opened.kind].capitalize()} {opened.uid!r} was modified by someone else.", etag=etag, hint=hint)


def _when(text: str) -> datetime | None:
    """Nextcloud names the time of deletion in seconds or as ISO 8601."""
    with suppress(ValueError):
        return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    return None
