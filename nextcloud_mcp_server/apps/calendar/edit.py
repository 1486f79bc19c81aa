"""Changes to an event: the named fields, and not one byte of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, tzinfo

from nextcloud_mcp_server.apps.calendar.alarms import set_reminders, set_simple
from nextcloud_mcp_server.apps.calendar.models import Reminder
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, begin_of, end_of
from nextcloud_mcp_server.apps.calendar.people import Address, mail_of, parse_people, set_attendees
from nextcloud_mcp_server.apps.calendar.rules import RULE_HINT, bounded, checked, has_bound, shift
from nextcloud_mcp_server.apps.calendar.times import Moment, instant, parse, write
from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, escape, line, split_escaped, unescape

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TEXTS = {"title": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION"}
PLAIN = {"url": "URL", "color": "COLOR", "status": "STATUS", "privacy": "CLASS"}
TOLD_TO_ATTENDEES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "STATUS", "LOCATION")


@dataclass(frozen=True)
class Author:
    """Who writes: zone for times without one, and the address that invites."""

    here: tzinfo
    address: Address | None = None

    @property
    def mail(self) -> str | None:
        return self.address.mail if self.address else None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The fields of an event or task to change: None leaves a field alone, an empty value clears it."""

    description: str | None = None
    categories: str | None = None
    recurrence_rule: str | None = None
    reminders: Sequence[Reminder] | None = None
    status: str | None = None
    priority: int | None = None

    @property
    def empty(self) -> bool:
        return all(getattr(self, field.name) is None for field in fields(self))


@dataclass(frozen=True, kw_only=True)
class EventChanges(Changes):
    title: str | None = None
    start_datetime: str | None = None
    end_datetime: str | None = None
    all_day: bool | None = None
    timezone: str | None = None
    location: str | None = None
    recurring: bool | None = None
    recurrence_end_date: str | None = None
    reminder_minutes: int | None = None
    reminder_email: bool | None = None
    privacy: str | None = None
    attendees: str | None = None
    url: str | None = None
    color: str | None = None

    @property
    def of_series(self) -> bool:
        """Whether it changes how something recurs."""
        return any(value is not None for value in (self.recurring, self.recurrence_rule, self.recurrence_end_date))


def utc_value() -> str:
    return f"{utc_now():%Y%m%dT%H%M%SZ}"


def apply(stored: CalendarObject, item: Component, changes: EventChanges, author: Author) -> None:
    """Makes the changes to the event (or one exception) of an object. Raises InvalidValue; nothing is written then."""
    before, zones_before = _told(item), stored.tzids()
    _set_times(stored, item, changes, author.here)
    if changes.of_series:
        _set_rule(stored, item, changes, author.here)
    set_fields(item, {name: getattr(changes, field) for field, name in PLAIN.items()}, text=False)
    set_described(item, changes, {name: getattr(changes, field) for field, name in TEXTS.items()})
    if changes.attendees is not None:
        set_attendees(item, parse_people(changes.attendees), author.address)
    if changes.reminders is not None:
        set_reminders(item, changes.reminders, author.mail)
    else:
        set_simple(item, changes.reminder_minutes, changes.reminder_email, author.mail)
    if before and _told(item) != before:
        _revise(item, author)
    stored.define_zones(zones_before)


def set_described(item: Component, changes: Changes, texts: dict[str, str | None]) -> None:
    """Texts, categories and priority."""
    set_fields(item, texts, text=True)
    if changes.priority is not None and item.text("PRIORITY") != str(changes.priority):
        item.replace("PRIORITY", [line("PRIORITY", str(changes.priority))] if changes.priority else [])
    if changes.categories is not None:
        wanted = [one.strip() for one in changes.categories.split(",") if one.strip()]
        if wanted != categories_of(item):
            item.replace("CATEGORIES", [line("CATEGORIES", ",".join(map(escape, wanted)))] if wanted else [])


def _told(item: Component) -> list[str]:
    return [one.raw for name in TOLD_TO_ATTENDEES for one in item.lines(name)]


def _revise(item: Component, author: Author) -> None:
    """A new revision for the others, if this person is the organizer of a meeting (RFC 5546 2.1.4)."""
    organizer = item.first("ORGANIZER")
    ours = organizer and author.mail and mail_of(organizer).casefold() == author.mail.casefold()
    if ours and item.first("ATTENDEE"):
        number = item.text("SEQUENCE") or "0"
        item.put(line("SEQUENCE", str(int(number) + 1 if number.isdecimal() else 1)))
        item.put(line("DTSTAMP", utc_value()))
        if item.first("LAST-MODIFIED"):
            item.put(line("LAST-MODIFIED", utc_value()))


def set_fields(item: Component, values: dict[str, str | None], *, text: bool) -> None:
    """Single-valued properties; an unchanged one keeps its bytes."""
    for name, value in values.items():
        if value is None or (value and item.text(name) == value):
            continue
        if name == "COLOR" and value and not value.isalpha():
            raise InvalidValue(f"color {value!r} is no CSS colour name.", hint="Use a name such as tomato or steelblue.")
        item.replace(name, [line(name, escape(value) if text else value.strip())] if value else [])


def categories_of(item: Component) -> list[str]:
    """All categories, whether on one line or on several."""
    return [name for one in item.lines("CATEGORIES") for value in split_escaped(one.value, ",") if (name := unescape(value).strip())]


def _set_times(stored: CalendarObject, item: Component, changes: EventChanges, here: tzinfo) -> None:
    if changes.timezone and not (changes.start_datetime or changes.end_datetime):
        raise InvalidValue(f"timezone {changes.timezone!r} says what start_datetime and end_datetime mean: give them too.")
    if changes.start_datetime is None and changes.end_datetime is None and changes.all_day is None:
        return
    old_start = begin_of(item)
    ends_along = old_start and not item.first("DTEND") and changes.end_datetime is None and changes.all_day in (None, old_start.all_day)
    old_end = None if ends_along else end_of(item, stored.zones)
    start, end = new_times(changes, old_start, old_end)
    if end and not ends_along and instant(end, stored.zones, here) < instant(start, stored.zones, here):
        raise InvalidValue(
            f"end_datetime {changes.end_datetime or end.wall.isoformat()!r} is before start_datetime "
            f"{changes.start_datetime or start.wall.isoformat()!r}.",
            hint="Give both; nothing was changed.",
        )
    if start != old_start:
        item.put(write("DTSTART", start))
        if old_start and item is stored.master and stored.recurring:
            shift(stored, old_start, start, here, rule_given=changes.recurrence_rule is not None or changes.recurring is False)
    if end and end != old_end and not ends_along:
        item.remove("DURATION")
        item.put(write("DTEND", end))


def new_times(changes: EventChanges, old_start: Moment | None, old_end: Moment | None) -> tuple[Moment, Moment | None]:
    """Begin and exclusive end after the changes. Raises InvalidValue where they do not fit together."""
    start = parse(changes.start_datetime, "start_datetime", changes.timezone, old_start) if changes.start_datetime else old_start
    if start is None:
        raise InvalidValue("start_datetime is required and missing.")
    end = parse(changes.end_datetime, "end_datetime", changes.timezone, old_end or start) if changes.end_datetime else old_end
    all_day = changes.all_day if changes.all_day is not None else start.all_day
    given = (changes.start_datetime, changes.end_datetime)
    if old_start and all_day != old_start.all_day and not all(given) and (not all_day or any(given)):
        raise InvalidValue("Changing between all-day and timed needs start_datetime and end_datetime.")
    if all_day:
        return _whole_days(start, end)
    if start.all_day or (end and end.all_day):
        raise InvalidValue("start_datetime and end_datetime must both have a time, or both be dates.")
    if end and (start.tzid is None) != (end.tzid is None):
        raise InvalidValue("start_datetime and end_datetime must both have an offset or zone, or neither.")
    return start, end or (start.plus(HOUR) if old_start is None else None)


def _whole_days(start: Moment, end: Moment | None) -> tuple[Moment, Moment]:
    """Dates; the end is exclusive, and an end on the first day means that day."""
    if end is None:
        return Moment(start.day), Moment(start.day + DAY)
    last = end.day if end.all_day or end.clock.time() == datetime.min.time() else end.day + DAY
    return Moment(start.day), Moment(start.day + DAY if last == start.day else last)


def _set_rule(stored: CalendarObject, item: Component, changes: EventChanges, here: tzinfo) -> None:
    rule, end, begin = changes.recurrence_rule, changes.recurrence_end_date, begin_of(item)
    current = item.first("RRULE")
    if begin is None:
        raise InvalidValue("Only an event with a start can recur.")
    if rule and changes.recurring is False:
        raise InvalidValue("recurring=false and a recurrence_rule exclude each other.")
    if rule == "" or changes.recurring is False:
        end_series(stored, item)
        return
    if rule and end and has_bound(rule):
        raise InvalidValue(f"recurrence_rule {rule!r} has an end already: leave out recurrence_end_date, or UNTIL and COUNT.")
    value = checked(rule, begin, stored.zones, here) if rule else (current.value if current else None)
    if value is None:
        raise InvalidValue("recurrence_rule is required to recur and missing.", hint=RULE_HINT)
    if end is not None:
        value = bounded(value, end, begin, stored.zones, here)
    if current is None or current.value != value:
        item.put(current.with_value(value) if current else line("RRULE", value))


def end_series(stored: CalendarObject, item: Component) -> None:
    """One event stays; exceptions of a series that is no more would be events without a place."""
    for name in ("RRULE", "RDATE", "EXDATE", "EXRULE"):
        item.remove(name)
    for override in stored.overrides:
        stored.drop(override)
