"""When people have time: busy stretches in, free slots out; pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from nextcloud_mcp_server.apps.calendar.expansion import Occurrence
from nextcloud_mcp_server.apps.calendar.models import Slot
from nextcloud_mcp_server.apps.calendar.objects import read_duration
from nextcloud_mcp_server.apps.calendar.people import mail_of
from nextcloud_mcp_server.apps.calendar.times import Moment, Span, instant, read_value
from nextcloud_mcp_server.apps.calendar.zones import Zones
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component

BUSINESS_HOURS = "09:00-17:00"
SATURDAY = 5
Stretch = tuple[datetime, datetime]
_WINDOW = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$")


@dataclass(frozen=True)
class Wanted:
    """What to look for: length, daily windows by the clock, whether weekends count."""

    length: timedelta
    windows: tuple[tuple[timedelta, timedelta], ...]
    weekends: bool


def parse_windows(text: str) -> tuple[tuple[timedelta, timedelta], ...]:
    """`HH:MM-HH:MM,…` as times since midnight. Raises InvalidValue with what is none."""
    found: list[tuple[timedelta, timedelta]] = []
    for part in (one.strip() for one in text.split(",") if one.strip()):
        match = _WINDOW.match(part)
        hours = [int(number) for number in match.groups()] if match else [99, 0, 0, 0]
        start, end = timedelta(hours=hours[0], minutes=hours[1]), timedelta(hours=hours[2], minutes=hours[3])
        if not start < end <= timedelta(hours=24) or max(hours[1], hours[3]) > 59:
            raise InvalidValue(f"preferred_times {part!r} is no range of times.", hint="Write 09:00-12:00,14:00-17:00.")
        found.append((start, end))
    return tuple(found)


def busy_times(events: Iterable[Occurrence], me: str | None, here: tzinfo) -> Iterator[Stretch]:
    """When events block: not all-day, transparent, cancelled or declined ones."""
    for one in events:
        item = one.item
        free = (item.text("TRANSP") or "").upper() == "TRANSPARENT" or (item.text("STATUS") or "").upper() == "CANCELLED"
        if not one.start.all_day and not free and not _declined(item, me):
            yield one.instants(here)


def _declined(item: Component, me: str | None) -> bool:
    mine = (one for one in item.lines("ATTENDEE") if me and mail_of(one).casefold() == me.casefold())
    return any((one.parameter("PARTSTAT") or "").upper() == "DECLINED" for one in mine)


def reported_busy(reply: Component) -> Iterator[Stretch]:
    """The stretches of a free-busy reply (RFC 5545 3.8.2.6) that are not FREE."""
    for answer in reply.components("VFREEBUSY"):
        for one in answer.lines("FREEBUSY"):
            if (one.parameter("FBTYPE") or "BUSY").upper() != "FREE":
                for period in one.value.split(","):
                    first, _, last = period.partition("/")
                    start, length = read_value(first), read_duration(last) if last[:1] in "Pp+" else None
                    end = read_value(last)
                    if start and (end or length is not None):
                        begin = _utc(start)
                        yield begin, begin + length if length is not None else _utc(end or start)


def _utc(moment: Moment) -> datetime:
    return instant(moment, Zones(), UTC)


def slots(busy: Iterable[Stretch], span: Span, wanted: Wanted, here: tzinfo) -> list[Slot]:
    """The whole gaps of at least the wanted length within the span."""
    if span.start is None or span.end is None:
        raise AssertionError("availability is asked for a closed span")
    merged = _merged(busy)
    found: list[Slot] = []
    day, last = span.start.astimezone(here).date(), span.end.astimezone(here).date()
    while day <= last:
        if wanted.weekends or day.weekday() < SATURDAY:
            for opens, closes in wanted.windows:
                start, end = max(_clock(day, opens, here), span.start), min(_clock(day, closes, here), span.end)
                found += [_slot(gap, here) for gap in _gaps(merged, start, end) if gap[1] - gap[0] >= wanted.length]
        day += timedelta(days=1)
    return found


def _clock(day: date, since: timedelta, here: tzinfo) -> datetime:
    """A time of day by the wall clock, in UTC; 24:00 is the next midnight."""
    return (datetime.combine(day, time.min) + since).replace(tzinfo=here).astimezone(UTC)


def _merged(busy: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for start, end in sorted(busy):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif end > start:
            merged.append((start, end))
    return merged


def _gaps(busy: list[Stretch], start: datetime, end: datetime) -> Iterator[Stretch]:
    for taken, until in busy:
        if until <= start:
            continue
        if taken >= end:
            break
        if taken > start:
            yield start, taken
        start = until
    if start < end:
        yield start, end


def _slot(gap: Stretch, here: tzinfo) -> Slot:
    start, end = (point.astimezone(here) for point in gap)
    return Slot(
        start=start.isoformat(),
        end=end.isoformat(),
        duration_minutes=int((gap[1] - gap[0]).total_seconds() // 60),
        date=start.date().isoformat(),
    )
