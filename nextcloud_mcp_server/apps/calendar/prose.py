"""An event or task in words, for those who search by meaning; pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from nextcloud_mcp_server.apps.calendar.edit import categories_of
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, end_of
from nextcloud_mcp_server.apps.calendar.people import attendees_of, mail_of
from nextcloud_mcp_server.apps.calendar.rules import parts_of
from nextcloud_mcp_server.apps.calendar.times import Moment, instant, read
from nextcloud_mcp_server.apps.calendar.zones import Zones
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
CODES: dict[str, str] = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), DAYS, strict=True))
UNITS = {
    "SECONDLY": "second",
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
EXCEPTIONS_SHOWN = 20


def text_of(stored: CalendarObject) -> str:
    """Title, when, where, who, categories, state, then the description; changed occurrences of a series at the end."""
    main = stored.main
    whole = "\n".join(line for line in _lines(main, stored.zones) if line)
    changes = "\n".join(_exception(item, main, stored.zones) for item in stored.overrides[:EXCEPTIONS_SHOWN] if item is not main)
    return "\n\n".join(part for part in (whole, (main.text("DESCRIPTION") or "").strip(), changes) if part)


def changed_at(stored: CalendarObject) -> datetime | None:
    """When it was last changed, as far as it says."""
    for name in ("LAST-MODIFIED", "DTSTAMP", "CREATED"):
        if moment := read(stored.main.first(name)):
            return instant(moment, stored.zones, UTC)
    return None


def _lines(item: Component, zones: Zones) -> Iterator[str]:
    yield item.text("SUMMARY") or ""
    yield when(item, zones)
    rule = item.first("RRULE")
    yield repeats(rule.value) if rule else ""
    yield _labelled("Place", [item.text("LOCATION")])
    organizer = item.first("ORGANIZER")
    yield _labelled("Organizer", [_person(organizer)] if organizer else [])
    yield _labelled("With", [_person(one) for one in attendees_of(item)])
    yield _labelled("Categories", categories_of(item))
    yield _labelled("State", [(item.text("STATUS") or "").lower().replace("-", " ")])
    done = read(item.first("COMPLETED"))
    yield f"Completed {spoken(done)}" if done else ""


def when(item: Component, zones: Zones) -> str:
    """`Tuesday 1 December 2026 (2026-12-01), 10:00 to 11:00 Europe/Berlin`, or when a task starts and is due."""
    start = read(item.first("DTSTART"))
    end = end_of(item, zones)
    if item.name == "VTODO":
        return ", ".join(f"{word} {spoken(moment)}" for word, moment in (("Starts", start), ("Due", end)) if moment)
    if start is None:
        return ""
    if start.all_day:
        last = (end.day if end else start.day + timedelta(days=1)) - timedelta(days=1)
        return f"All day {spoken(start)}" + (f" to {spoken(Moment(last))}" if last > start.day else "")
    if end is None or end.clock == start.clock:
        return spoken(start)
    same = end.day == start.day and end.tzid == start.tzid
    return f"{spoken(start, zone=not same)} to {f'{end.clock:%H:%M}{_zone(end)}' if same else spoken(end)}"


def spoken(moment: Moment, *, zone: bool = True) -> str:
    """A date or time with the name of its day, and the date in digits."""
    day = moment.day
    date = f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year} ({day.isoformat()})"
    return date if moment.all_day else f"{date}, {moment.clock:%H:%M}{_zone(moment) if zone else ''}"


def repeats(rule: str) -> str:
    """A recurrence rule in words, as far as it is a common one (RFC 5545 3.3.10)."""
    parts = parts_of(rule)
    unit = UNITS.get(parts.get("FREQ", "").upper())
    if not unit:
        return "Repeats"
    every = parts.get("INTERVAL", "1")
    text = f"Repeats every {unit}" if every == "1" else f"Repeats every {every} {unit}s"
    days = [CODES[code[-2:]] for code in parts.get("BYDAY", "").upper().split(",") if code[-2:] in CODES]
    text += f" on {', '.join(days)}" if days else ""
    if until := parts.get("UNTIL"):
        text += f" until {until[:4]}-{until[4:6]}-{until[6:8]}"
    return text + (f", {parts['COUNT']} times" if "COUNT" in parts else "")


def _exception(item: Component, main: Component, zones: Zones) -> str:
    """What an occurrence has of its own."""
    own = [item.text(name) for name in ("SUMMARY", "LOCATION", "DESCRIPTION") if item.text(name) != main.text(name)]
    return ": ".join([when(item, zones) or "An occurrence", *[text for text in own if text]])


def _labelled(label: str, values: Iterable[str | None]) -> str:
    found = ", ".join(value.strip() for value in values if value and value.strip())
    return f"{label}: {found}" if found else ""


def _person(prop: Line) -> str:
    name, mail = prop.parameter("CN"), mail_of(prop)
    return f"{name} <{mail}>" if name and name != mail else mail


def _zone(moment: Moment) -> str:
    return {None: "", "Z": " UTC"}.get(moment.tzid, f" {moment.tzid}")
