"""When an event or task happens: spans, occurrences and the time ranges of CalDAV (RFC 4791, 9.9).

Everything is compared in UTC. Floating times and dates are taken in `zone`, UTC unless a calendar says otherwise.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
import icalendar.timezone
import recurring_ical_events

from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.store import Item
from nextcloud_sandbox.groupware.vobject import Component, Line

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
STAMP = re.compile(r"\d{8}T\d{6}Z?")
DURATION = re.compile(r"([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Range:
    start: datetime = EARLIEST
    end: datetime = LATEST


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`component` is what holds for it: the series or its exception. `id` is its RECURRENCE-ID, None when it does not recur."""

    start: datetime
    end: datetime
    all_day: bool
    component: Component
    id: datetime | None = None

    def within(self, asked: Range) -> bool:
        if self.start == self.end:
            return asked.start <= self.start < asked.end
        return self.start < asked.end and self.end > asked.start


def read_range(start: str | None, end: str | None) -> Range:
    """The attributes of a time-range. Nextcloud answers a value in another form with 500, an empty range with 400."""
    asked = Range(read_stamp(start) if start else EARLIEST, read_stamp(end) if end else LATEST)
    if asked.end <= asked.start:
        raise DavError(400, "The end-date must be larger than the start-date")
    return asked


def read_stamp(value: str) -> datetime:
    try:
        if STAMP.fullmatch(value):
            return datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise DavError(500, f"The supplied iCalendar datetime value is incorrect: {value}", "Sabre\\VObject\\InvalidDataException")


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def stamp_at(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))


def read_moment(line: Line | None, zone: tzinfo = UTC) -> tuple[datetime, bool] | None:
    """The moment of a DTSTART-like line in UTC and whether it is a date; None when absent or unreadable."""
    if line is None:
        return None
    value = line.value.strip()
    try:
        if len(value) == 8:
            return datetime.strptime(value, "%Y%m%d").replace(tzinfo=zone).astimezone(UTC), True
        local = datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    except ValueError:
        return None
    name = line.param("TZID")
    known = UTC if value.endswith("Z") else find_zone(name) if name else zone
    return local.replace(tzinfo=known or zone).astimezone(UTC), False


@lru_cache(maxsize=512)
def find_zone(name: str) -> tzinfo | None:
    """The zone of a TZID, also of Windows names; None when nobody knows it."""
    try:
        return ZoneInfo(name.lstrip("/"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known: Any = icalendar.timezone.tzp  # pyright: ignore[reportUnknownMemberType]
        return known.timezone(name)


def read_duration(value: str) -> timedelta:
    match = DURATION.fullmatch(value.strip())
    if not match:
        return timedelta()
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if match[1] == "-" else length


def single(component: Component, zone: tzinfo = UTC) -> Occurrence | None:
    """The span of one VEVENT as it stands, without recurrence."""
    begin = read_moment(component.first("DTSTART"), zone)
    if begin is None:
        return None
    start, all_day = begin
    finish = read_moment(component.first("DTEND"), zone)
    if finish:
        end = finish[0]
    elif component.first("DURATION"):
        end = start + read_duration(component.value("DURATION"))
    else:
        end = start + DAY if all_day else start
    return Occurrence(start, max(start, end), all_day, component)


def recurs(root: Component) -> bool:
    return any(line.name in ("RRULE", "RDATE", "RECURRENCE-ID") for child in root.children for line in child.lines)


@lru_cache(maxsize=2_000)
def series(data: bytes) -> recurring_ical_events.CalendarQuery | None:
    """A query over one recurring object; None when the rule cannot be read."""
    try:
        calendar = icalendar.Calendar.from_ical(data)
        return recurring_ical_events.of(calendar, components=("VEVENT",), skip_bad_series=True)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def is_empty(data: bytes) -> bool:
    """Whether a recurring object has not one occurrence; the first one counts whatever the rule says, unless it is taken out."""
    query = series(data) if b"EXDATE" in data else None
    return query is not None and next(query.after(EARLIEST), None) is None


def occurrences(item: Item, asked: Range, zone: tzinfo = UTC) -> list[Occurrence]:
    """The occurrences of an event object that touch `asked`, by start. A rule without end needs an end in `asked`."""
    events = [child for child in item.component.children if child.name == "VEVENT"]
    if not recurs(item.component):
        spans = [single(event, zone) for event in events]
        return [span for span in spans if span and span.within(asked)]
    query = series(item.data)
    # A day more on both sides: floating times and dates are compared below, in the zone that holds.
    found: Iterable[Any] = query.between(max(asked.start, EARLIEST) - DAY, min(asked.end, LATEST) + DAY) if query else []
    spans = [occurrence(entry, events, zone) for entry in found]
    return sorted((span for span in spans if span.within(asked)), key=lambda span: span.start)


def occurrence(entry: Any, events: list[Component], zone: tzinfo) -> Occurrence:
    start, end, recurrence_id = entry.start, entry.end, entry.get("RECURRENCE-ID")
    moment = to_utc(recurrence_id.dt, zone) if recurrence_id else to_utc(start, zone)
    return Occurrence(to_utc(start, zone), to_utc(end, zone), not isinstance(start, datetime), holder(events, moment, zone), moment)


def holder(events: list[Component], moment: datetime, zone: tzinfo) -> Component:
    """The exception with this RECURRENCE-ID, else the series."""
    for event in events:
        exception = read_moment(event.first("RECURRENCE-ID"), zone)
        if exception and exception[0] == moment:
            return event
    return next((event for event in events if not event.first("RECURRENCE-ID")), events[0])


def to_utc(value: date, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(), zone)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def event_in_range(item: Item, asked: Range) -> bool:
    if asked.end >= LATEST and recurs(item.component):
        query = series(item.data)
        return query is not None and next(query.after(max(asked.start, EARLIEST)), None) is not None
    return bool(occurrences(item, asked))


def todo_in_range(todo: Component, asked: Range) -> bool:
    """The table of RFC 4791, 9.9 for VTODO. Nextcloud looks at the task as it stands, not at its recurrence."""
    start, due, completed, created = (read_moment(todo.first(name)) for name in ("DTSTART", "DUE", "COMPLETED", "CREATED"))
    if start:
        return started_todo_in_range(todo, start[0], due[0] if due else None, asked)
    if due:
        return asked.start < due[0] and asked.end >= due[0]
    moments = [moment[0] for moment in (completed, created) if moment]
    if completed:
        return any(asked.start <= moment for moment in moments) and any(asked.end >= moment for moment in moments)
    return asked.end > moments[0] if moments else True


def started_todo_in_range(todo: Component, start: datetime, due: datetime | None, asked: Range) -> bool:
    if todo.first("DURATION"):
        return asked.start <= start + read_duration(todo.value("DURATION")) and asked.end > start
    if due:
        return (asked.start < due or asked.start <= start) and (asked.end > start or asked.end >= due)
    return asked.start <= start < asked.end


def alarm_in_range(item: Item, owner: Component, alarm: Component, asked: Range) -> bool:
    """Whether the first ring of an alarm falls into the range, for any occurrence of an event or for a task."""
    trigger = alarm.first("TRIGGER")
    absolute = read_moment(trigger)
    if absolute:
        return asked.start <= absolute[0] < asked.end
    if trigger is None:
        return False
    offset, at_end = read_duration(trigger.value), (trigger.param("RELATED") or "").upper() == "END"
    wide = Range(asked.start - 32 * DAY, asked.end + 32 * DAY)
    if owner.name == "VEVENT":
        anchors = [span.end if at_end else span.start for span in occurrences(item, wide) if span.component is owner]
    else:
        anchor = read_moment(owner.first("DUE" if at_end or not owner.first("DTSTART") else "DTSTART"))
        anchors = [anchor[0]] if anchor else []
    return any(asked.start <= anchor + offset < asked.end for anchor in anchors)
