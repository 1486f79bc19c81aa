"""Time zones of calendar objects: what a TZID means, and VTIMEZONE components to write (RFC 5545 3.6.5)."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from nextcloud_mcp_server.nextcloud.content_lines import Component, component, line


@lru_cache(maxsize=256)
def known_zone(name: str) -> ZoneInfo | None:
    """A zone of the IANA database."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


class Zones:
    """What the TZIDs of one calendar object stand for."""

    def __init__(self, calendar: Component | None = None) -> None:
        self._calendar = calendar
        self._found: dict[str, tzinfo | None] = {}

    def find(self, tzid: str) -> tzinfo | None:
        """IANA names (also behind a vendor's prefix), names that Windows uses, else the object's own VTIMEZONE."""
        if tzid not in self._found:
            self._found[tzid] = known_zone(tzid) or _behind_prefix(tzid) or _windows_zone(tzid) or self._own(tzid)
        return self._found[tzid]

    def defines(self, tzid: str) -> bool:
        return self._definition(tzid) is not None

    def _definition(self, tzid: str) -> Component | None:
        defined = self._calendar.components("VTIMEZONE") if self._calendar else []
        return next((one for one in defined if one.text("TZID") == tzid), None)

    def _own(self, tzid: str) -> tzinfo | None:
        definition = self._definition(tzid)
        if definition is None:
            return None
        from icalendar import Timezone

        try:
            made: Any = Timezone.from_ical(str(definition))
            return cast("tzinfo", made.to_tz(lookup_tzid=False))
        except (ValueError, KeyError, AttributeError, TypeError):
            return None


def _behind_prefix(tzid: str) -> ZoneInfo | None:
    parts = tzid.strip("/").split("/")
    return next((zone for keep in (3, 2) if len(parts) > keep and (zone := known_zone("/".join(parts[-keep:])))), None)


def _windows_zone(tzid: str) -> ZoneInfo | None:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    name = WINDOWS_TO_OLSON.get(tzid)
    return known_zone(name) if name else None


def definition(name: str, first: datetime, years: int) -> Component:
    """A VTIMEZONE of an IANA zone that holds from a year before `first` (a wall clock) for `years` years after."""
    zone = ZoneInfo(name)
    start = datetime(first.year - 1, 1, 1, tzinfo=zone)
    observances: dict[tuple[timedelta, timedelta, str], list[datetime]] = {_offsets(start, start): [start.replace(tzinfo=None)]}
    before = start
    for _ in range((years + 2) * 366):
        after = (before.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
        if before.utcoffset() != after.utcoffset():
            change = _change(before, after)
            observances.setdefault(_offsets(before, after), []).append(change)
        before = after
    return component("VTIMEZONE", line("TZID", name), *(_observance(*key, starts) for key, starts in observances.items()))


def _offsets(before: datetime, after: datetime) -> tuple[timedelta, timedelta, str]:
    return before.utcoffset() or timedelta(), after.utcoffset() or timedelta(), after.tzname() or ""


def _change(before: datetime, after: datetime) -> datetime:
    """When the offset changes between two times, by the clock that was right until then."""
    low, high = before.astimezone(UTC), after.astimezone(UTC)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(before.tzinfo).utcoffset() == before.utcoffset() else (low, middle)
    return high.replace(microsecond=0, tzinfo=None) + (before.utcoffset() or timedelta())


def _observance(before: timedelta, after: timedelta, name: str, starts: list[datetime]) -> Component:
    kind = "DAYLIGHT" if after > before else "STANDARD"
    dates = [line("RDATE", f"{start:%Y%m%dT%H%M%S}") for start in starts[1:]]
    return component(
        kind,
        line("DTSTART", f"{starts[0]:%Y%m%dT%H%M%S}"),
        line("TZOFFSETFROM", _offset(before)),
        line("TZOFFSETTO", _offset(after)),
        line("TZNAME", name),
        *dates,
    )


def _offset(delta: timedelta) -> str:
    seconds = int(delta.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    rest = f"{seconds % 60:02}" if seconds % 60 else ""
    return f"{sign}{seconds // 3600:02}{seconds % 3600 // 60:02}{rest}"
