"""Recurrence rules as text: checked, bounded, moved; their meaning is `expansion.py`'s (RFC 5545 3.3.10)."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import islice, takewhile

from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, begin_of, end_of
from nextcloud_mcp_server.apps.calendar.times import Moment, instant, moment_at, parse, read, read_value, shown, write
from nextcloud_mcp_server.apps.calendar.zones import Zones
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line, line

Moved = Callable[[Moment], Moment]
END_OF_DAY = time(23, 59, 59)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DATES_FOLLOWED = 300
NAMING_DAYS = frozenset({"BYDAY", "BYMONTHDAY", "BYMONTH", "BYYEARDAY", "BYWEEKNO"})
NOT_OF_DAYS = frozenset({"UNTIL", "COUNT", "BYHOUR", "BYMINUTE", "BYSECOND"})
RULE_HINT = "Write an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10."


def parts_of(rule: str) -> dict[str, str]:
    """The parts of a rule by upper-case name, in order."""
    pairs = (part.partition("=") for part in rule.strip().removeprefix("RRULE:").strip().split(";") if part.strip())
    return {name.strip().upper(): value.strip() for name, _, value in pairs}


def _joined(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def checked(rule: str, begin: Moment, zones: Zones, here: tzinfo) -> str:
    """A rule as it is stored: valid, UNTIL in the kind and zone of DTSTART. Raises InvalidValue with the rule."""
    from dateutil.rrule import rrulestr

    parts = {name: value.upper() for name, value in parts_of(rule).items()}
    try:
        if "FREQ" not in parts or {"UNTIL", "COUNT"} <= parts.keys() or not all(parts.values()):
            raise ValueError
        if "UNTIL" in parts:
            until = read_value(parts["UNTIL"])
            if until is None:
                raise ValueError
            parts["UNTIL"] = _until(until, begin, zones, here)
            if _until_moment(parts["UNTIL"], begin, zones, here).clock < begin.clock:
                raise InvalidValue(f"recurrence_rule {rule!r} ends before the start.")
        rrulestr(_joined({name: value for name, value in parts.items() if name != "UNTIL"}), dtstart=begin.clock)
    except (ValueError, KeyError, IndexError, TypeError):
        raise InvalidValue(f"recurrence_rule {rule!r} is no valid rule.", hint=RULE_HINT) from None
    return _joined(parts)


def bounded(rule: str, end: str, begin: Moment, zones: Zones, here: tzinfo) -> str:
    """The rule until `end` (inclusive, as an assistant wrote it; empty: without end) instead of its bound."""
    parts = {name: value for name, value in parts_of(rule).items() if name not in ("UNTIL", "COUNT")}
    if end:
        parts["UNTIL"] = _until(parse(end, "recurrence_end_date", form=begin), begin, zones, here)
        if _until_moment(parts["UNTIL"], begin, zones, here).clock < begin.clock:
            raise InvalidValue(f"recurrence_end_date {end!r} is before the start.")
    return _joined(parts)


def has_bound(rule: str) -> bool:
    return bool({"UNTIL", "COUNT"} & parts_of(rule).keys())


def _until(end: Moment, begin: Moment, zones: Zones, here: tzinfo) -> str:
    """An end as UNTIL: a date for all-day events, floating for floating ones, else UTC; a date means its whole day."""
    if begin.all_day:
        return Moment(end.day).value
    local = begin.like(datetime.combine(end.day, END_OF_DAY)) if end.all_day else end
    if begin.tzid is None:
        return moment_at(instant(local, zones, here), begin, zones, here).value
    if local.tzid is None:
        local = begin.like(local.clock)
    return Moment(instant(local, zones, here).replace(tzinfo=None), "Z").value


def _until_moment(value: str, begin: Moment, zones: Zones, here: tzinfo) -> Moment:
    """UNTIL by the clock of DTSTART."""
    until = read_value(value) or begin
    if until.all_day:
        return begin.like(datetime.combine(until.day, END_OF_DAY))
    return moment_at(instant(until, zones, here), begin, zones, here) if until.tzid else begin.like(until.clock)


def by_clock(rule: str, begin: Moment, zones: Zones, here: tzinfo) -> str:
    """The rule with UNTIL as a wall clock of DTSTART's zone."""
    parts = parts_of(rule)
    if "UNTIL" in parts:
        moment = _until_moment(parts["UNTIL"], begin, zones, here)
        parts["UNTIL"] = Moment(moment.wall).value
    return _joined(parts)


def end_shown(rule: str, begin: Moment, zones: Zones, here: tzinfo) -> str | None:
    """UNTIL as an assistant would write it: a date where the whole day counts."""
    until = parts_of(rule).get("UNTIL")
    if until is None:
        return None
    moment = _until_moment(until, begin, zones, here)
    return moment.day.isoformat() if moment.all_day or moment.clock.time() == END_OF_DAY else shown(moment, zones)


def shift(stored: CalendarObject, old: Moment, new: Moment, here: tzinfo, *, rule_given: bool) -> None:
    """After a series was moved from `old` to `new`: its rule, exclusions, extra dates, bound and exceptions follow.

    An exception that had not been moved itself moves along; one that had been keeps its own time. Raises InvalidValue for a rule that
    cannot follow, unless another one is given anyhow.
    """
    zones, master = stored.zones, stored.main
    rule, days = master.first("RRULE"), new.day - old.day
    parts = parts_of(rule.value) if rule else {}
    dates: dict[date, date] = {}
    if days and not rule_given and parts.keys() & NAMING_DAYS:
        if _has_day(parts, new.day, new.day) and _has_day(parts, *sorted((old.day, new.day))):
            days = timedelta()
        else:
            was, parts = parts, _following(parts, old.day, new.day)
            dates = dict(islice(zip(_dates(was, old.day), _dates(parts, new.day), strict=False), DATES_FOLLOWED))
    later = new.clock - old.clock - (new.day - old.day)

    def moved(moment: Moment) -> Moment:
        if moment.all_day:
            clock = datetime.combine(moment.day, old.clock.time())
        elif moment.tzid == old.tzid:
            clock = moment.clock
        else:
            clock = moment_at(instant(moment, zones, here), old, zones, here).clock
        return new.like(clock + later + (dates[clock.date()] - clock.date() if clock.date() in dates else days))

    for name in ("EXDATE", "RDATE"):
        _rewrite(master, name, moved)
    if until := parts.get("UNTIL"):
        parts["UNTIL"] = _until(Moment(_until_moment(until, old, zones, here).day + days), new, zones, here)
    if rule and parts != parts_of(rule.value):
        master.put(rule.with_value(_joined(parts)))
    for override in stored.overrides:
        _move_override(override, moved, zones, here)


def _has_day(parts: dict[str, str], first: date, day: date) -> bool:
    """Whether a rule that begins on `first` names `day`; of one that nobody understands it is assumed."""
    try:
        return next((date == day for date in _dates(parts, first) if date >= day), False)
    except (ValueError, KeyError, IndexError, TypeError):
        return True


def _dates(parts: dict[str, str], first: date) -> Iterator[date]:
    """The days of a rule that begins on `first`, without end."""
    from dateutil.rrule import rrulestr

    text = _joined({name: value for name, value in parts.items() if name not in NOT_OF_DAYS})
    return (found.date() for found in rrulestr(text, dtstart=datetime.combine(first, time.min)))


def _following(parts: dict[str, str], old: date, new: date) -> dict[str, str]:
    """The parts of a rule whose first day is another one: days of a week go on by as many days, a date or the n-th weekday becomes that of
    the new day.
    """
    days = parts.get("BYDAY", "").upper().split(",")
    changed: dict[str, str] = {}
    if parts.get("FREQ", "").upper() == "WEEKLY":
        turned = {code: WEEKDAYS[(number + (new - old).days) % 7] for number, code in enumerate(WEEKDAYS)}
        changed["BYDAY"] = ",".join(turned.get(code, code) for code in days)
    elif len(days[0]) > 2 and len(days) == 1:
        changed["BYDAY"] = f"{_ordinal(new, days[0][:-2])}{WEEKDAYS[new.weekday()]}"
    elif days[0] and len(days) == 1 and "BYSETPOS" in parts:
        changed |= {"BYDAY": WEEKDAYS[new.weekday()], "BYSETPOS": str(_ordinal(new, parts["BYSETPOS"]))}
    if "," not in parts.get("BYMONTHDAY", ","):
        changed["BYMONTHDAY"] = str(new.day)
    if "," not in parts.get("BYMONTH", ","):
        changed["BYMONTH"] = str(new.month)
    followed = parts | changed
    if _has_day(parts, old, old) and not _has_day(followed, new, new):
        raise InvalidValue(f"The rule {_joined(parts)} has no {new}: give the new recurrence_rule too.")
    return followed


def _ordinal(day: date, like: str) -> int:
    """Which of its weekday in the month a day is, counted from the end where `like` is negative."""
    left = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days
    return -((left - 1) // 7) - 1 if like.startswith("-") else (day.day - 1) // 7 + 1


def without_dates_before(rule: Line, begin: Moment, first: datetime) -> Line:
    """The rule with a COUNT that holds from `first` on (a wall clock), where it counts; excluded dates count too."""
    from dateutil.rrule import rrulestr

    parts = parts_of(rule.value)
    if "COUNT" not in parts:
        return rule
    passed = sum(1 for _ in takewhile(lambda each: each < first, rrulestr(_joined(parts), dtstart=begin.clock)))
    return rule.with_value(_joined(parts | {"COUNT": str(max(1, int(parts["COUNT"]) - passed))}))


def _rewrite(master: Component, name: str, moved: Moved) -> None:
    changed: list[Line] = []
    for one in master.lines(name):
        moments = [read_value(value, one.parameter("TZID")) for value in one.value.split(",")]
        kept = [moved(moment) for moment in moments if moment]
        if "/" in one.value or not kept:
            changed.append(one)
            continue
        form = write(name, kept[0])
        changed.append(form.with_value(",".join(moment.value for moment in kept)))
    if changed:
        master.replace(name, changed)


def _move_override(override: Component, moved: Moved, zones: Zones, here: tzinfo) -> None:
    id_line = override.first("RECURRENCE-ID")
    identity, begin, end = read(id_line), begin_of(override), end_of(override, zones)
    if not identity or not id_line:
        return
    target = moved(identity)
    range_ = id_line.parameter("RANGE")
    made = write("RECURRENCE-ID", target)
    override.put(made if not range_ else line("RECURRENCE-ID", made.value, {**made.parameters, "RANGE": range_}))
    if begin and instant(begin, zones, here) == instant(identity, zones, here) and begin.all_day == target.all_day:
        override.put(write("DTSTART" if override.first("DTSTART") else "DUE", target))
        name = "DUE" if override.name == "VTODO" else "DTEND"
        if end and override.first("DTSTART") and override.first(name):
            override.put(write(name, target.plus(end.clock - begin.clock)))
