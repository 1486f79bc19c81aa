"""Tasks: what they say, changes to them, and completing them."""

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from itertools import islice

from nextcloud_mcp_server.apps.calendar.alarms import reminders_of, set_reminders
from nextcloud_mcp_server.apps.calendar.edit import Author, Changes, categories_of, end_series, set_described, set_fields
from nextcloud_mcp_server.apps.calendar.exceptions import exception_for
from nextcloud_mcp_server.apps.calendar.expansion import Occurrence, upcoming
from nextcloud_mcp_server.apps.calendar.models import Todo
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, begin_of
from nextcloud_mcp_server.apps.calendar.rules import checked, shift, without_dates_before
from nextcloud_mcp_server.apps.calendar.show import priority_of
from nextcloud_mcp_server.apps.calendar.times import Moment, Z, instant, parse, read, shown, write
from nextcloud_mcp_server.apps.calendar.zones import Zones
from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line, line

DONE = frozenset({"COMPLETED", "CANCELLED"})
COUNTED_AT_MOST = 1000


@dataclass(frozen=True, kw_only=True)
class TodoChanges(Changes):
    summary: str | None = None
    percent_complete: int | None = None
    due: str | None = None
    dtstart: str | None = None
    completed: str | None = None


def status_of(item: Component) -> str:
    """STATUS; a task without one is completed if it says when."""
    return (item.text("STATUS") or ("COMPLETED" if item.first("COMPLETED") else "NEEDS-ACTION")).upper()


def percent_of(item: Component) -> int:
    text = (item.text("PERCENT-COMPLETE") or "").strip()
    return min(int(text), 100) if text.isdecimal() else (100 if status_of(item) == "COMPLETED" else 0)


def show(stored: CalendarObject, here: tzinfo, href: str) -> Todo:
    """A task; for one that recurs also where it stands."""
    item, zones = stored.main, stored.zones
    rule = item.first("RRULE")
    made = Todo(
        uid=stored.uid,
        summary=item.text("SUMMARY") or "",
        description=item.text("DESCRIPTION") or "",
        status=status_of(item),
        priority=priority_of(item.text("PRIORITY")),
        percent_complete=percent_of(item),
        due=shown(read(item.first("DUE")), zones),
        dtstart=shown(read(item.first("DTSTART")), zones),
        completed=shown(read(item.first("COMPLETED")), zones),
        categories=", ".join(categories_of(item)),
        recurring=stored.recurring,
        recurrence_rule=rule.value if rule else None,
        reminders=reminders_of(item),
        href=href,
        etag=stored.stored.etag,
    )
    return made.model_copy(update=_standing(stored, here)) if stored.recurring else made


def _standing(stored: CalendarObject, here: tzinfo) -> dict[str, object]:
    """How many occurrences until now are not done, the oldest of them, and the one that is on now (else the next)."""
    if status_of(stored.main) in DONE:
        return {"pending_count": 0}
    pending: list[Occurrence] = []
    following: Occurrence | None = None
    for one in islice(upcoming(stored, here), COUNTED_AT_MOST):
        if status_of(one.item) in DONE:
            continue
        if one.instants(here)[0] > utc_now():
            following = one
            break
        pending.append(one)
    oldest, current = pending[0] if pending else None, pending[-1] if pending else following
    return {
        "pending_count": len(pending),
        "oldest_pending_dtstart": _start(oldest),
        "oldest_pending_due": _due(oldest),
        "current_dtstart": _start(current),
        "current_due": _due(current),
    }


def _start(one: Occurrence | None) -> str | None:
    return shown(one.start, one.stored.zones) if one and one.item.first("DTSTART") else None


def _due(one: Occurrence | None) -> str | None:
    return shown(one.end, one.stored.zones) if one and one.item.first("DUE") else None


def apply(stored: CalendarObject, item: Component, changes: TodoChanges, author: Author) -> None:
    """Makes the changes in memory. Raises InvalidValue."""
    was, zones_before = begin_of(item), stored.tzids()
    set_described(item, changes, {"SUMMARY": changes.summary, "DESCRIPTION": changes.description})
    _set_dates(stored, item, changes, author.here)
    now = begin_of(item)
    if was and now and was != now and stored.recurring:
        shift(stored, was, now, author.here, rule_given=changes.recurrence_rule is not None)
    _set_rule(stored, item, changes.recurrence_rule, author.here)
    _set_progress(item, changes, author.here)
    if changes.reminders is not None:
        set_reminders(item, changes.reminders, author.mail)
    stored.define_zones(zones_before)


def _moment(text: str, argument: str, here: tzinfo) -> Moment:
    """Times without offset are in the person's zone."""
    return parse(text, argument, str(here))


def _set_dates(stored: CalendarObject, item: Component, changes: TodoChanges, here: tzinfo) -> None:
    for name, text in (("DTSTART", changes.dtstart), ("DUE", changes.due)):
        if text is None:
            continue
        if text == "":
            item.remove(name)
        elif (moment := _moment(text, name.lower(), here)) != read(item.first(name)):
            item.put(write(name, moment))
            if name == "DUE":
                item.remove("DURATION")
    start, due = read(item.first("DTSTART")), read(item.first("DUE"))
    if (changes.due or changes.dtstart) and start and due:
        if start.all_day != due.all_day:
            raise InvalidValue("dtstart and due must both be dates or both have a time: give both.")
        if instant(due, stored.zones, here) < instant(start, stored.zones, here):
            raise InvalidValue(f"due {shown(due, stored.zones)!r} is before dtstart {shown(start, stored.zones)!r}.")


def _set_rule(stored: CalendarObject, item: Component, rule: str | None, here: tzinfo) -> None:
    begin = begin_of(item)
    if rule and begin:
        item.put(line("RRULE", checked(rule, begin, stored.zones, here)))
    elif rule == "":
        end_series(stored, item)
    if (rule or item.first("RRULE")) and not begin:
        raise InvalidValue("A task that recurs needs dtstart or due.")


def _set_progress(item: Component, changes: TodoChanges, here: tzinfo) -> None:
    """STATUS, PERCENT-COMPLETE and COMPLETED; completing sets what is not given, reopening takes COMPLETED away."""
    was = status_of(item)
    set_fields(item, {"STATUS": changes.status}, text=False)
    if changes.completed is not None:
        item.replace("COMPLETED", [completed_line(changes.completed, here)] if changes.completed else [])
    if changes.percent_complete is not None:
        item.put(line("PERCENT-COMPLETE", str(changes.percent_complete)))
    if changes.status == "COMPLETED" and was != "COMPLETED":
        if changes.percent_complete is None:
            item.put(line("PERCENT-COMPLETE", "100"))
        if changes.completed is None:
            item.put(completed_line(None, here))
    elif changes.status and changes.status != "COMPLETED" and was == "COMPLETED":
        reopen(item, keep_percent=changes.percent_complete is not None, keep_status=True)


def completed_line(text: str | None, here: tzinfo) -> Line:
    """COMPLETED is always in UTC (RFC 5545 3.8.2.1); now where no time is given."""
    if not text:
        return write("COMPLETED", Moment(utc_now().replace(microsecond=0, tzinfo=None), Z))
    at = instant(_moment(text, "completed", here), Zones(), here)
    return write("COMPLETED", Moment(at.replace(tzinfo=None), Z))


def reopen(item: Component, *, keep_percent: bool = False, keep_status: bool = False) -> None:
    """Takes the signs of completion away."""
    item.remove("COMPLETED")
    if not keep_percent:
        item.remove("PERCENT-COMPLETE")
    if not keep_status and item.first("STATUS"):
        item.put(line("STATUS", "NEEDS-ACTION"))


def complete(stored: CalendarObject, completed: str | None, here: tzinfo) -> tuple[Component, Occurrence | None]:
    """Completes the task. One that recurs goes on as in Nextcloud's Tasks: the oldest open occurrence becomes a completed exception and
    the series starts at the next one (COUNT goes down); after the last one the series is completed itself.

    Answers what is completed now, and which occurrence that is (None where the task does not recur).
    """
    changes = TodoChanges(status="COMPLETED", completed=completed, percent_complete=100)
    if not stored.recurring or stored.master is None:
        _set_progress(stored.main, changes, here)
        return stored.main, None
    open_ones = [one for one in islice(upcoming(stored, here), COUNTED_AT_MOST) if status_of(one.item) not in DONE]
    if status_of(stored.master) in DONE or not open_ones:
        raise InvalidValue("Every occurrence of this task is done already.")
    current, following = open_ones[0], open_ones[1:2]
    if not following:
        _set_progress(stored.master, changes, here)
        return stored.master, current
    done = exception_for(current)
    for name in ("STATUS", "PERCENT-COMPLETE", "COMPLETED"):
        done.remove(name)
    _set_progress(done, changes, here)
    _advance(stored.master, following[0])
    return done, current


def _advance(master: Component, coming: Occurrence) -> None:
    """Moves the series to its next occurrence."""
    start, due, first = read(master.first("DTSTART")), read(master.first("DUE")), begin_of(master)
    begin = coming.id or coming.start
    length = (due.clock - start.clock) if start and due else timedelta()
    if first and (rule := master.first("RRULE")):
        master.put(without_dates_before(rule, first, begin.clock))
    if start:
        master.put(write("DTSTART", start.like(begin.clock)))
    if due:
        master.put(write("DUE", due.like(begin.clock + length)))
    reopen(master)


def sort_key(todo: Todo) -> tuple[bool, bool, str, int]:
    """Open ones first, then by due date, then by priority."""
    return (todo.status in DONE, todo.due is None, todo.due or "", todo.priority or 10)
