"""Recurrence rules as text: checked, bounded, moved; their meaning is `expansion.py`'s (RFC 5545 3.3.10)."""

from collections.abc import Callable
from datetime import datetime, time, tzinfo

from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, begin_of, end_of
from nextcloud_mcp_server.apps.calendar.times import Moment, instant, moment_at, parse, read, read_value, shown, write
from nextcloud_mcp_server.apps.calendar.zones import Zones
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line, line

Moved = Callable[[Moment], Moment]
END_OF_DAY = time(23, 59, 59)
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


def shift(stored: CalendarObject, old: Moment, new: Moment, here: tzinfo) -> None:
    """After a series was moved from `old` to `new`: its exclusions, extra dates, bound and exceptions follow.

    An exception that had not been moved itself moves along; one that had been keeps its own time.
    """
    zones, master = stored.zones, stored.main

    def moved(moment: Moment) -> Moment:
        if moment.all_day:
            clock = datetime.combine(moment.day, old.clock.time())
        elif moment.tzid == old.tzid:
            clock = moment.clock
        else:
            clock = moment_at(instant(moment, zones, here), old, zones, here).clock
        return new.like(clock + (new.clock - old.clock))

    for name in ("EXDATE", "RDATE"):
        _rewrite(master, name, moved)
    if (rule := master.first("RRULE")) and (until := parts_of(rule.value).get("UNTIL")):
        last = _until_moment(until, old, zones, here)
        day = last.day + (new.day - old.day)
        parts = parts_of(rule.value) | {"UNTIL": _until(Moment(day), new, zones, here)}
        master.put(rule.with_value(_joined(parts)))
    for override in stored.overrides:
        _move_override(override, moved, zones, here)


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
