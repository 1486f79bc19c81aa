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
from nextcloud_mcp_server.nextcloud.answers import Answer, bare_etag, quoted_etag
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.content_lines import Component, component, line
from nextcloud_mcp_server.nextcloud.dav import MultistatusParser, Resource, parse_multistatus, stream_multistatus
from nextcloud_mcp_server.nextcloud.session import path_of, segment
from nextcloud_mcp_server.nextcloud.streaming import pieces

T = TypeVar("T")
XML = {"Content-Type": "application/xml; charset=utf-8"}
ICS = {"Content-Type": "text/calendar; charset=utf-8"}
# Without it Nextcloud shows a webcal subscription as empty: clients are expected to fetch its address themselves.
CACHED = {"X-NC-CalDAV-Webcal-Caching": "On"}
DAY = timedelta(days=1)
IN_TRASH = "One with the same UID lies in that calendar's trash: nc_calendar_restore_event brings it back."


@dataclass(frozen=True)
class Stored:
    """One object as Nextcloud has it: its calendar, its name there, its etag, its text (see `Calendars.exact`)."""

    calendar: str
    name: str
    etag: str
    text: str

    def open(self, kind: Kind) -> CalendarObject:
        return CalendarObject.read(self.text, kind)


@dataclass(frozen=True)
class InTrash:
    """A deleted object; `id` is its name in the trash, `calendar` where it was."""

    id: str
    text: str
    calendar: str | None
    deleted_at: datetime | None


class Calendars(Client):
    """The calendars of one person."""

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
        headers = {**XML, "Depth": "1"}
        answer = await self.session.request("PROPFIND", await self._path(), what="the calendars", headers=headers, data=wire.listing())
        resources = parse_multistatus(answer.body, "the calendars").resources
        return [found for one in resources if (found := calendar_of(one, uid))]

    async def create_calendar(self, name: str, values: Mapping[str, str], kinds: Sequence[str]) -> int:
        """Raises AlreadyExists for a name that is taken, also by a calendar in the trash."""
        what = f"calendar {name!r}"
        try:
            path = await self._path(name)
            return (await self.session.request("MKCALENDAR", path, what=what, headers=XML, data=wire.make(values, kinds))).status
        except InvalidValue:
            taken = next((one for one in await self._every() if one.name == name), None)
            if taken is None:
                raise
            hint = 'It lies in the trash: action="restore" brings it back.' if taken.deleted else None
            raise AlreadyExists(f"There is a calendar {name!r} already.", hint=hint) from None

    async def update_calendar(self, name: str, values: Mapping[str, str]) -> int:
        what = f"calendar {name!r}"
        answer = await self.session.request("PROPPATCH", await self._path(name), what=what, headers=XML, data=wire.patch(values))
        if missed := wire.refused(values, parse_multistatus(answer.body, what).resources, answer.body):
            raise NotPermitted(f"Nextcloud did not change {', '.join(missed)} of {what}.")
        return answer.status

    async def delete_calendar(self, name: str) -> int:
        return (await self.session.request("DELETE", await self._path(name), what=f"calendar {name!r}")).status

    async def restore_calendar(self, name: str) -> int:
        """Takes a calendar out of the trash. Raises NotFound where it is not there."""
        gone = [one.name for one in await self._every() if one.deleted]
        if name not in gone:
            raise NotFound(f"There is no calendar {name!r} in the trash.", candidates=gone, hint="")
        return await self._restore(await self._path(name), f"calendar {name!r}")

    async def objects(self, calendar: str, kind: Kind, take: Callable[[Stored], T | None], span: Span | None = None) -> list[T]:
        """What `take` makes of each object of one kind, or of those that Nextcloud finds in the span, as they arrive; None drops one.

        Floating times may lie up to a day beside the span.
        """
        wide = Span(span.start and span.start - DAY, span.end and span.end + DAY) if span else None

        def keep(resource: Resource) -> T | None:
            stored = _stored(calendar, resource)
            return take(stored) if stored else None

        return await self._report(calendar, wire.query(kind, wide), keep, f"the {WORD[kind]}s of calendar {calendar!r}")

    async def find(self, calendar: str, uid: str, kind: Kind) -> Stored:
        """The object with this UID: by the name that clients give it, else by a query, for names may differ.

        Raises NotFound for the object, or for the calendar with the names there are.
        """
        with suppress(NotFound, BadAnswer, InvalidValue):
            stored = await self.read(calendar, f"{uid}.ics", kind, uid)
            if stored.open(kind).uid == uid:
                return stored
        what = f"{WORD[kind]} {uid!r}"
        try:
            found = await self._report(calendar, wire.query(kind, uid=uid), lambda resource: _stored(calendar, resource), what)
            for stored in found:
                if stored.open(kind).uid == uid:
                    return await self.exact(stored, kind, uid)
        except NotFound:
            await self.named(calendar)
        raise NotFound(f"{what[:1].upper()}{what[1:]} not found in calendar {calendar!r}.", hint=f"UIDs come from {_listing(kind)}.")

    async def exact(self, stored: Stored, kind: Kind, uid: str) -> Stored:
        """The object with its very bytes: reports leave the carriage returns out, and the etag (the md5 of the text) tells whether
        putting them back is right; else it is read by itself. Raises Changed where it changed since.
        """
        for text in (stored.text.replace("\n", "\r\n"), stored.text):
            if hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() == stored.etag:
                return replace(stored, text=text)
        read = await self.read(stored.calendar, stored.name, kind, uid)
        if read.etag != stored.etag:
            raise _stale(read.open(kind), read.etag)
        return read

    async def read(self, calendar: str, name: str, kind: Kind, uid: str) -> Stored:
        answer = await self.session.request("GET", await self._path(calendar, name), what=f"{WORD[kind]} {uid!r}", headers=CACHED)
        return Stored(calendar, name, answer.etag or "", _text(answer))

    async def create(self, calendar: str, made: CalendarObject) -> tuple[Stored, int]:
        """A new object, named by its UID. Raises InvalidValue where the calendar does not accept its kind."""
        return await self._put(Stored(calendar, f"{made.uid}.ics", "", ""), made, {"If-None-Match": "*"})

    async def save(self, stored: Stored, changed: CalendarObject, etag: str | None = None) -> tuple[Stored, int]:
        """A new version. Raises Changed where the object is not at `etag` (by default the version that was read) any more."""
        if etag and bare_etag(etag) not in (stored.etag, "*"):
            raise _stale(changed, stored.etag)
        return await self._put(stored, changed, {"If-Match": quoted_etag(stored.etag)})

    async def _put(self, stored: Stored, made: CalendarObject, condition: Mapping[str, str]) -> tuple[Stored, int]:
        text, what = str(made), f"{WORD[made.kind]} {made.uid!r}"
        path = await self._path(stored.calendar, stored.name)
        try:
            answer = await self.session.request("PUT", path, what=what, headers={**ICS, **CACHED, **condition}, data=text.encode())
        except Changed as error:
            raise _stale(made, error.etag) from None
        except (NotFound, NotPermitted, BadAnswer) as error:
            raise await self._explained(error, stored.calendar, made.kind, made.uid) from None
        if answer.etag:
            return replace(stored, etag=answer.etag, text=text), answer.status
        return await self.read(stored.calendar, stored.name, made.kind, made.uid), answer.status

    async def delete(self, stored: Stored, kind: Kind, uid: str, etag: str | None = None) -> int:
        """Moves an object to the trash, unless it changed."""
        headers = {**CACHED, "If-Match": quoted_etag(etag or stored.etag)}
        try:
            path = await self._path(stored.calendar, stored.name)
            return (await self.session.request("DELETE", path, what=f"{WORD[kind]} {uid!r}", headers=headers)).status
        except Changed as error:
            raise _stale(stored.open(kind), error.etag) from None
        except NotPermitted as error:
            raise await self._explained(error, stored.calendar, kind, uid) from None

    async def move(self, stored: Stored, target: str, kind: Kind, uid: str) -> int:
        """Puts an object into another calendar as it is. Raises AlreadyExists where the target has its name or UID."""
        destination = f"{self.session.transport.address.base}{await self._path(target, stored.name)}"
        headers = {**CACHED, "Destination": destination, "Overwrite": "F", "If-Match": quoted_etag(stored.etag)}
        what = f"{WORD[kind]} {uid!r}"
        try:
            path = await self._path(stored.calendar, stored.name)
            return (await self.session.request("MOVE", path, what=what, headers=headers)).status
        except (NotFound, NotPermitted, BadAnswer) as error:
            raise await self._explained(error, target, kind, uid) from None

    async def free_busy(self, people: Sequence[Address], span: Span) -> dict[str, Component | None]:
        """What each person's calendar says of the span; None for one that Nextcloud does not know (RFC 6638 5)."""
        author = await self.author()
        uid = await self.session.uid()
        organizer = f"mailto:{author.address.mail}" if author.address else f"/remote.php/dav/principals/users/{segment(uid)}/"
        bounds = [line(name, f"{point:%Y%m%dT%H%M%SZ}") for name, point in (("DTSTART", span.start), ("DTEND", span.end)) if point]
        asked = [line("ATTENDEE", f"mailto:{person.mail}") for person in people]
        lines = [line("UID", f"free-busy-{utc_value()}"), line("DTSTAMP", utc_value()), *bounds, line("ORGANIZER", organizer), *asked]
        head = [line("VERSION", "2.0"), line("PRODID", PRODID), line("METHOD", "REQUEST")]
        body = str(component("VCALENDAR", *head, component("VFREEBUSY", *lines)))
        answer = await self.session.request("POST", await self._path("outbox"), what="free times", headers=ICS, data=body.encode())
        return wire.free_busy_replies(answer.body)

    async def trash(self, kind: Kind) -> list[InTrash]:
        """What was deleted, the newest first."""
        found = await self._report("trashbin/objects", wire.trash_query(kind), _in_trash, "the calendar trash")
        return sorted(found, key=lambda one: one.deleted_at or datetime.min.replace(tzinfo=UTC), reverse=True)

    async def restore(self, trashed: InTrash) -> int:
        return await self._restore(f"{await self._path('trashbin/objects')}{segment(trashed.id)}", "the deleted item")

    async def _restore(self, path: str, what: str) -> int:
        destination = f"{self.session.transport.address.base}{await self._path('trashbin')}restore/item"
        return (await self.session.request("MOVE", path, what=what, headers={"Destination": destination})).status

    async def _report(self, collection: str, body: bytes, take: Callable[[Resource], T | None], what: str) -> list[T]:
        headers, path = {**XML, **CACHED, "Depth": "1"}, await self._path(collection)
        async with self.session.stream("REPORT", path, what=what, headers=headers, data=body) as answer:
            resources = stream_multistatus(pieces(answer, what), MultistatusParser(what))
            return [made async for resource in resources if (made := take(resource)) is not None]

    async def _explained(self, error: Exception, calendar: str, kind: Kind, uid: str) -> Exception:
        """Why a calendar did not take an object, where it can be told; else the error itself."""
        found = await self.all()
        target = next((one for one in found if one.name == calendar), None)
        if target is None:
            return _unknown(calendar, found) if isinstance(error, NotFound) else error
        if not target.accepts(kind):
            why = "is read-only" if target.read_only else f"does not accept {WORD[kind]}s"
            names = [one.name for one in found if one.accepts(kind)]
            hint = "Use one of these." if names else f'nc_calendar_manage_calendar with action="create" makes one for {WORD[kind]}s.'
            return InvalidValue(f"Calendar {calendar!r} {why}.", candidates=names, hint=hint)
        if isinstance(error, BadAnswer) and any(f"UID:{uid}" in one.text for one in await self.trash(kind)):
            return AlreadyExists(f"Calendar {calendar!r} cannot take {WORD[kind]} {uid!r}.", hint=IN_TRASH)
        return error

    async def _path(self, calendar: str | None = None, name: str | None = None) -> str:
        home = f"/remote.php/dav/calendars/{segment(await self.session.uid())}/"
        if calendar is None:
            return home
        collection = path_of(calendar) if calendar.startswith("trashbin") else segment(calendar)
        return f"{home}{collection}/{segment(name) if name else ''}"

    async def href(self, stored: Stored) -> str:
        """The address of an object below Nextcloud's."""
        return await self._path(stored.calendar, stored.name)


def _unknown(name: str, found: Iterable[Calendar]) -> NotFound:
    return NotFound(f"Calendar {name!r} not found.", candidates=[one.name for one in found], hint="Use a name, not a display name.")


def _listing(kind: Kind) -> str:
    return "nc_calendar_list_events" if kind == "VEVENT" else "nc_calendar_list_todos"


def _stale(changed: CalendarObject, etag: str | None) -> Changed:
    reader = "nc_calendar_get_event" if changed.kind == "VEVENT" else "nc_calendar_list_todos"
    return Changed(
        f"{WORD[changed.kind].capitalize()} {changed.uid!r} was modified by someone else.",
        etag=etag,
        hint=f"Read it again with {reader}, apply the change to what is there now, and send the new etag.",
    )


def _text(answer: Answer) -> str:
    try:
        return answer.body.decode()
    except UnicodeDecodeError:
        raise BadAnswer(f"Nextcloud's text of {answer.what} is not UTF-8.") from None


def _stored(calendar: str, resource: Resource) -> Stored | None:
    data = resource.props.get("c:calendar-data")
    if data is None or not data.text:
        return None
    name = resource.href.rstrip("/").rsplit("/", 1)[-1]
    return Stored(calendar, name, bare_etag(resource.text("d:getetag")) or "", data.text)


def _in_trash(resource: Resource) -> InTrash | None:
    data, deleted = resource.props.get("c:calendar-data"), resource.text(wire.DELETED_AT) or ""
    if data is None or not data.text:
        return None
    return InTrash(resource.href.rsplit("/", 1)[-1], data.text, resource.text(wire.FROM_CALENDAR), _when(deleted))


def _when(text: str) -> datetime | None:
    """Nextcloud names the time of deletion in seconds or as ISO 8601."""
    with suppress(ValueError):
        return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    return None
