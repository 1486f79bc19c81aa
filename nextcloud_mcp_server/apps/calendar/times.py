"""The four forms of a time in iCalendar: UTC, with a TZID, floating, a date (RFC 5545 3.3.4, 3.3.5).

A time is shown and written back in the form it has: `+00:00` for UTC, the zone's offset for a TZID, no offset for floating,
`YYYY-MM-DD` for a date.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from nextcloud_mcp_server.apps.calendar.zones import Zones, known_zone
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Line, line

Z = "Z"
"""The `tzid` of a time in UTC form; an explicit `TZID=UTC` is another form."""

_ICAL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?$")


@dataclass(frozen=True)
class Moment:
    """A date, or a date and time without zone plus the zone's name: `Z` (UTC), a TZID, or None (floating)."""

    wall: date
    tzid: str | None = None

    @property
    def all_day(self) -> bool:
        return not isinstance(self.wall, datetime)

    @property
    def day(self) -> date:
        return self.wall.date() if isinstance(self.wall, datetime) else self.wall

    @property
    def clock(self) -> datetime:
        """The wall clock; a date starts at midnight."""
        return self.wall if isinstance(self.wall, datetime) else datetime.combine(self.wall, time.min)

    @property
    def value(self) -> str:
        """As an iCalendar value."""
        if self.all_day:
            return f"{self.wall:%Y%m%d}"
        return f"{self.wall:%Y%m%dT%H%M%S}" + ("Z" if self.tzid == Z else "")

    def plus(self, delta: timedelta) -> "Moment":
        """Later by the wall clock; whole days for a date."""
        moved = self.clock + delta
        return replace(self, wall=moved.date() if self.all_day else moved)

    def like(self, clock: datetime) -> "Moment":
        """Another wall clock in the same form."""
        return replace(self, wall=clock.date() if self.all_day else clock)


def instant(moment: Moment, zones: Zones, here: tzinfo) -> datetime:
    """The point in time, in UTC; floating times and dates are read in the zone `here`."""
    if moment.tzid == Z:
        return moment.clock.replace(tzinfo=UTC)
    zone = (zones.find(moment.tzid) if moment.tzid else None) or here
    return moment.clock.replace(tzinfo=zone).astimezone(UTC)


def moment_at(point: datetime, form: Moment, zones: Zones, here: tzinfo) -> Moment:
    """A point in time in the form (and zone) of another moment."""
    zone = UTC if form.tzid == Z else (zones.find(form.tzid) if form.tzid else None) or here
    return form.like(point.astimezone(zone).replace(tzinfo=None))


def read(prop: Line | None) -> Moment | None:
    """The time a property holds; None where there is none or it is no time."""
    found = read_value(prop.value, prop.parameter("TZID")) if prop else None
    if found and prop and (prop.parameter("VALUE") or "").upper() == "DATE":
        return Moment(found.day)
    return found


def read_value(value: str, tzid: str | None = None) -> Moment | None:
    """One value of DTSTART, EXDATE, UNTIL and their like."""
    match = _ICAL.match(value.strip())
    if not match:
        return None
    try:
        if match[2] is None:
            return Moment(date.fromisoformat(match[1]))
        clock = datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        return None
    return Moment(clock, Z if match[3] else tzid)


def write(name: str, moment: Moment) -> Line:
    """A property that holds a moment in its form."""
    if moment.all_day:
        return line(name, moment.value, {"VALUE": "DATE"})
    return line(name, moment.value, {"TZID": moment.tzid} if moment.tzid and moment.tzid != Z else None)


def shown(moment: Moment | None, zones: Zones) -> str | None:
    """ISO 8601 in the moment's form."""
    if moment is None:
        return None
    if moment.all_day:
        return moment.wall.isoformat()
    if moment.tzid == Z:
        return moment.clock.replace(tzinfo=UTC).isoformat()
    zone = zones.find(moment.tzid) if moment.tzid else None
    return moment.clock.replace(tzinfo=zone).isoformat()


def zone_name(moment: Moment | None) -> str | None:
    """The TZID where the moment has one."""
    return moment.tzid if moment and moment.tzid != Z else None


def parse(text: str, argument: str, zone: str | None = None, form: Moment | None = None) -> Moment:
    """What an assistant wrote: a date; with `Z` or an offset UTC; without, in `zone`, else in the zone of `form`, else floating.

    Raises InvalidValue that names the argument and the value.
    """
    given = text.strip()
    try:
        with suppress(ValueError):
            return Moment(date.fromisoformat(given))
        clock = datetime.fromisoformat(given)
    except ValueError:
        raise InvalidValue(
            f"{argument} {text!r} is no date or time.", hint="Write 2026-05-31, 2026-05-31T14:00:00 or 2026-05-31T14:00:00+02:00."
        ) from None
    clock = clock.replace(microsecond=0)
    if clock.tzinfo:
        return Moment(clock.astimezone(UTC).replace(tzinfo=None), Z)
    if zone:
        return Moment(clock, checked_zone(zone))
    return Moment(clock, form.tzid if form else None)


def checked_zone(name: str) -> str:
    """An IANA zone name that exists; `UTC` becomes the UTC form. Raises InvalidValue."""
    if name.strip().upper() in ("UTC", "Z", "ETC/UTC"):
        return Z
    if known_zone(name.strip()) is None:
        raise InvalidValue(f"There is no time zone {name!r}.", hint="Use an IANA name such as Europe/Berlin.")
    return name.strip()


def parse_day(text: str, argument: str) -> date:
    """`YYYY-MM-DD`. Raises InvalidValue that names the argument and the value."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidValue(f"{argument} {text!r} is no date.", hint="Write YYYY-MM-DD.") from None


@dataclass(frozen=True)
class Span:
    """A stretch of time from `start` to before `end`, both in UTC; None is open."""

    start: datetime | None
    end: datetime | None

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether something lies in it; a thing without duration counts where it stands."""
        if self.end and start >= self.end:
            return False
        return not self.start or end > self.start or (start == end and start >= self.start)


def parse_span(start: str | None, end: str | None, here: tzinfo) -> Span:
    """A range as an assistant wrote it: dates or times in the person's zone, the end inclusive.

    Raises InvalidValue for what is no date and for an end before the start.
    """
    first = parse(start, "start_date") if start else None
    last = parse(end, "end_date") if end else None
    opened = instant(first, Zones(), here) if first else None
    closed = instant(last.plus(timedelta(days=1) if last.all_day else timedelta(seconds=1)), Zones(), here) if last else None
    if opened and closed and closed <= opened:
        raise InvalidValue(f"end_date {end!r} is before start_date {start!r}.")
    return Span(opened, closed)
