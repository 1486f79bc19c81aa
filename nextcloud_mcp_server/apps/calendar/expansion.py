"""The occurrences of a series in a stretch of time.

The library works on wall clocks: a rule repeats by the clock of its own zone, so times stay in the form they are stored in, and a
zone that nobody knows does no harm.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, begin_of, end_of
from nextcloud_mcp_server.apps.calendar.rules import by_clock, parts_of
from nextcloud_mcp_server.apps.calendar.times import Moment, Span, instant, moment_at, parse, read, read_value, shown
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.content_lines import Component

DAY = timedelta(days=1)
TOO_FINE = frozenset({"SECONDLY", "MINUTELY"})
"""Rules that are shown as one series: expanding them would fill any answer."""


@dataclass(frozen=True)
class Occurrence:
    """One happening: the component that describes it, when, and its recurrence id if it belongs to a series."""

    stored: CalendarObject
    item: Component
    start: Moment
    end: Moment | None
    id: Moment | None = None

    def instants(self, here: tzinfo) -> tuple[datetime, datetime]:
        """Begin and end in UTC."""
        zones = self.stored.zones
        begin = instant(self.start, zones, here)
        return begin, max(begin, instant(self.end, zones, here)) if self.end else begin

    @property
    def recurrence_id(self) -> str | None:
        """As tools show and take it."""
        return shown(self.id, self.stored.zones)


def whole(stored: CalendarObject) -> Occurrence | None:
    """A single event, or a series as one thing; None where it has no time."""
    start = begin_of(stored.main)
    return Occurrence(stored, stored.main, start, end_of(stored.main, stored.zones)) if start else None


def occurrences(stored: CalendarObject, span: Span, here: tzinfo) -> list[Occurrence]:
    """What happens within the span, in order; a series is expanded where both ends are given."""
    one = whole(stored)
    if one is None:
        return []
    if not stored.recurring or not span.start or not span.end or not _expandable(stored):
        return [one] if stored.recurring or span.overlaps(*one.instants(here)) else []
    first, last = (moment_at(point, one.start, stored.zones, here).clock for point in (span.start - DAY, span.end + DAY))
    found = [each for each in _expand(stored, first, last, here) if span.overlaps(*each.instants(here))]
    return sorted(found, key=lambda each: each.instants(here))


def _expandable(stored: CalendarObject) -> bool:
    rule = stored.main.first("RRULE")
    return not rule or parts_of(rule.value).get("FREQ", "").upper() not in TOO_FINE


def occurrence_of(stored: CalendarObject, given: str, here: tzinfo) -> Occurrence:
    """The occurrence with this recurrence id. Raises NotFound with those around that day, InvalidValue for what is no time."""
    start = begin_of(stored.main)
    if start is None or not stored.recurring:
        raise NotFound(f"This does not recur, so it has no occurrence {given!r}.", hint="Leave `occurrence` out.")
    wanted = parse(given, "occurrence", form=start)
    if wanted.all_day and not start.all_day:
        wanted = start.like(datetime.combine(wanted.day, start.clock.time()))
    zones = stored.zones
    clock = wanted.clock if wanted.tzid == start.tzid else moment_at(instant(wanted, zones, here), start, zones, here).clock
    around = list(_expand(stored, clock - DAY * 40, clock + DAY * 40, here))
    for each in around:
        if each.id and (each.id.clock == clock or instant(each.id, zones, here) == instant(start.like(clock), zones, here)):
            return each
    near = sorted((each for each in around if each.id), key=lambda each: abs(each.id.clock - clock) if each.id else DAY)
    raise NotFound(f"There is no occurrence {given!r}.", candidates=[each.recurrence_id or "" for each in near[:5]])


def upcoming(stored: CalendarObject, here: tzinfo) -> Iterator[Occurrence]:
    """All occurrences from the first one on, lazily."""
    start = begin_of(stored.main)
    if start is None:
        return
    if not stored.recurring or not _expandable(stored):
        one = whole(stored)
        yield from [one] if one else []
        return
    query = _query(stored, here)
    yield from (_occurrence(stored, found, here) for found in query.after(start.clock))


def _expand(stored: CalendarObject, first: datetime, last: datetime, here: tzinfo) -> Iterator[Occurrence]:
    try:
        found = _query(stored, here).between(first, last)
    except (ValueError, TypeError, KeyError, OverflowError):
        # A stored rule that no library understands: the series is shown once, as it stands.
        one = whole(stored)
        yield from [one] if one else []
        return
    yield from (_occurrence(stored, each, here) for each in found)


def _query(stored: CalendarObject, here: tzinfo) -> Any:
    import icalendar
    import recurring_ical_events

    calendar = icalendar.Calendar.from_ical("\r\n".join(_skeleton(stored, here)))
    return recurring_ical_events.of(calendar, components=["VEVENT"])  # type: ignore[reportUnknownMemberType]


def _skeleton(stored: CalendarObject, here: tzinfo) -> Iterator[str]:
    """The series by the wall clock of its zone and nothing else; SUMMARY holds the number of the item."""
    series = begin_of(stored.main)
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0")
    for number, item in enumerate(stored.items):
        begin, end = begin_of(item), end_of(item, stored.zones)
        if begin is None or series is None:
            continue
        yield from ("BEGIN:VEVENT", "UID:series", f"SUMMARY:{number}", _property("DTSTART", begin))
        if end:
            clock = end.clock if end.tzid == begin.tzid else moment_at(instant(end, stored.zones, here), begin, stored.zones, here).clock
            yield _property("DTEND", begin.like(max(clock, begin.clock)))
        if rule := item.first("RRULE"):
            yield f"RRULE:{by_clock(rule.value, begin, stored.zones, here)}"
        for one in (*item.lines("RDATE"), *item.lines("EXDATE"), *item.lines("RECURRENCE-ID")):
            for value in one.value.split(","):
                if moment := read_value(value.partition("/")[0], one.parameter("TZID")):
                    yield _property(one.name, _in_zone(moment, series, stored, here), one.parameter("RANGE"))
        yield "END:VEVENT"
    yield from ("END:VCALENDAR", "")


def _in_zone(moment: Moment, series: Moment, stored: CalendarObject, here: tzinfo) -> Moment:
    if moment.all_day or moment.tzid == series.tzid:
        return moment
    return moment_at(instant(moment, stored.zones, here), series, stored.zones, here)


def _property(name: str, moment: Moment, range_: str | None = None) -> str:
    kind = ";VALUE=DATE" if moment.all_day else ""
    return f"{name}{kind}{f';RANGE={range_}' if range_ else ''}:{Moment(moment.wall).value}"


def _occurrence(stored: CalendarObject, found: Mapping[str, Any], here: tzinfo) -> Occurrence:
    item = stored.items[int(str(found["SUMMARY"]))]
    begin, end, series = begin_of(item), end_of(item, stored.zones), begin_of(stored.main)
    if begin is None or series is None:
        raise AssertionError("the skeleton holds only items with a begin")
    start = begin.like(_clock(found["DTSTART"].dt))
    stop: Moment | None = None
    if end:
        stop = begin.like(_clock(found["DTEND"].dt)) if "DTEND" in found else start
        if end.tzid != begin.tzid:
            stop = moment_at(instant(stop, stored.zones, here), end, stored.zones, here)
    identity = _identity(stored, item, start.clock - begin.clock, here) or series.like(_clock(found["RECURRENCE-ID"].dt))
    return Occurrence(stored, item, start, stop, identity)


def _identity(stored: CalendarObject, item: Component, later: timedelta, here: tzinfo) -> Moment | None:
    """The recurrence id of an exception; `later` than its first date where it holds for all that follow (RANGE=THISANDFUTURE)."""
    series, written = begin_of(stored.main), read(item.first("RECURRENCE-ID"))
    if item is stored.master or series is None or written is None:
        return None
    return _in_zone(written, series, stored, here).plus(later)


def _clock(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time.min)
