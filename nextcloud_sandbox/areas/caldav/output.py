"""Calendar objects as they leave the server in other forms: expanded, exported, as free-busy."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime, tzinfo

from nextcloud_sandbox.areas.caldav.times import Occurrence, Range, occurrences, read_moment, recurs, stamp, stamp_at, todo_in_range
from nextcloud_sandbox.groupware.store import Item
from nextcloud_sandbox.groupware.vobject import PRODID, Component, Line, calendar, escape

RECURRENCE = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
Busy = tuple[datetime, datetime, str]


def expand(item: Item, asked: Range) -> str:
    """The object with one event per occurrence in the range, times in UTC, no time zones (RFC 4791, 9.6.5)."""
    root = item.component
    head = [line for line in root.lines if line.name != "PRODID"]
    known = {line.name for line in head}
    version = [line for line in head if line.name == "VERSION"] or [Line("VERSION", "2.0")]
    lines = [*version, Line("PRODID", PRODID), *([] if "CALSCALE" in known else [Line("CALSCALE", "GREGORIAN")])]
    lines += [line for line in head if line.name != "VERSION"]
    children = [expanded(found) for found in occurrences(item, asked)]
    children += [child for child in root.main() if child.name != "VEVENT" and (child.name != "VTODO" or todo_in_range(child, asked))]
    return str(Component("VCALENDAR", lines, children))


def expanded(found: Occurrence) -> Component:
    event = deepcopy(found.component)
    event.lines = [in_utc(line) for line in event.lines if line.name not in RECURRENCE]
    if found.id is None:
        return event
    for line in event.lines:
        if line.name in ("DTSTART", "DTEND"):
            line.value = point(found.start if line.name == "DTSTART" else found.end, found.all_day)
    params = [("VALUE", "DATE")] if found.all_day else []
    event.lines.append(Line("RECURRENCE-ID", point(found.id, found.all_day), params))
    return event


def point(moment: datetime, all_day: bool) -> str:
    return f"{moment:%Y%m%d}" if all_day else stamp(moment)


def in_utc(line: Line) -> Line:
    """A date-time with a TZID written in UTC."""
    moment = read_moment(line) if line.param("TZID") else None
    if moment is None or moment[1]:
        return line
    return Line(line.name, stamp(moment[0]), [(name, value) for name, value in line.params if name != "TZID"], line.group)


def export(items: Iterable[Item], name: str, color: str) -> str:
    """One VCALENDAR with everything: time zones once each, then events, tasks and journals."""
    head = [("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"), ("PRODID", "-//SabreDAV//SabreDAV//EN"), ("X-WR-CALNAME", escape(name))]
    lines = [Line(key, value) for key, value in head] + ([Line("X-APPLE-CALENDAR-COLOR", color)] if color else [])
    lines += [Line("REFRESH-INTERVAL", "PT4H", [("VALUE", "DURATION")]), Line("X-PUBLISHED-TTL", "PT4H")]
    zones: dict[str, Component] = {}
    parts: dict[str, list[Component]] = {"VEVENT": [], "VTODO": [], "VJOURNAL": []}
    for item in items:
        for child in item.component.children:
            if child.name == "VTIMEZONE":
                zones.setdefault(child.value("TZID"), child)
            else:
                parts.setdefault(child.name, []).append(child)
    return str(Component("VCALENDAR", lines, [*zones.values(), *(child for kind in parts.values() for child in kind)]))


def busy(items: Iterable[Item], asked: Range, zone: tzinfo = UTC) -> list[Busy]:
    """When the events keep one busy, with the type; transparent and cancelled ones do not."""
    found: list[Busy] = []
    for item in items:
        if item.kind != "VEVENT" or (not recurs(item.component) and not keeps_busy(item.component.main()[0])):
            continue
        for span in occurrences(item, asked, zone):
            if keeps_busy(span.component):
                tentative = span.component.value("STATUS").upper() == "TENTATIVE"
                found.append((max(span.start, asked.start), min(span.end, asked.end), "BUSY-TENTATIVE" if tentative else "BUSY"))
    return merge(found)


def keeps_busy(event: Component) -> bool:
    return event.value("TRANSP").upper() != "TRANSPARENT" and event.value("STATUS").upper() != "CANCELLED"


def merge(found: list[Busy]) -> list[Busy]:
    """Overlapping and touching periods of one type become one."""
    out: list[Busy] = []
    for kind in ("BUSY", "BUSY-TENTATIVE"):
        last: Busy | None = None
        for start, end, _ in sorted(period for period in found if period[2] == kind and period[0] < period[1]):
            if last and start <= last[1]:
                last = (last[0], max(last[1], end), kind)
                out[-1] = last
            else:
                last = (start, end, kind)
                out.append(last)
    return sorted(out)


def free_busy(periods: list[Busy], asked: Range, now: float, extra: Iterable[Line] = (), method: str | None = None) -> str:
    """A VCALENDAR with one VFREEBUSY."""
    lines = [Line("DTSTART", stamp(asked.start)), Line("DTEND", stamp(asked.end)), Line("DTSTAMP", stamp_at(now))]
    for start, end, kind in periods:
        lines.append(Line("FREEBUSY", f"{stamp(start)}/{stamp(end)}", [] if kind == "BUSY" else [("FBTYPE", kind)]))
    return str(calendar([Component("VFREEBUSY", [*lines, *extra])], method))
