"""Reminders: VALARM components of an event or task (RFC 5545 3.6.6)."""

from collections.abc import Sequence
from datetime import timedelta

from nextcloud_mcp_server.apps.calendar.models import Reminder
from nextcloud_mcp_server.apps.calendar.objects import read_duration
from nextcloud_mcp_server.apps.calendar.times import parse, read, shown
from nextcloud_mcp_server.apps.calendar.zones import Zones
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line, component, escape, line

MINUTE = timedelta(minutes=1)
DEFAULT_MINUTES = 15


def reminders_of(item: Component) -> list[Reminder]:
    """The alarms as tools show and take them; one that cannot be read is left out."""
    return [found for alarm in item.components("VALARM") if (found := read_alarm(alarm))]


def read_alarm(alarm: Component) -> Reminder | None:
    trigger, action = alarm.first("TRIGGER"), (alarm.text("ACTION") or "").upper()
    if trigger is None or action not in ("DISPLAY", "EMAIL", "AUDIO"):
        return None
    fields = {"action": action, "description": alarm.text("DESCRIPTION"), "summary": alarm.text("SUMMARY")}
    if moment := read(trigger):
        return Reminder.model_validate({**fields, "trigger_at": shown(moment, Zones())})
    delta = read_duration(trigger.value)
    if delta is None:
        return None
    related = "END" if (trigger.parameter("RELATED") or "").upper() == "END" else None
    if delta <= timedelta() and not delta % MINUTE:
        return Reminder.model_validate({**fields, "related": related, "minutes_before": -delta // MINUTE})
    return Reminder.model_validate({**fields, "related": related, "trigger": trigger.value})


def set_reminders(item: Component, wanted: Sequence[Reminder], mail: str | None) -> None:
    """Makes these the alarms of the item; an alarm that is among them already keeps its bytes."""
    existing = [(read_alarm(alarm), alarm) for alarm in item.components("VALARM")]
    made: list[Component] = []
    for reminder in wanted:
        same = next((pair for pair in existing if pair[0] and _key(pair[0]) == _key(reminder)), None)
        if same:
            existing.remove(same)
        made.append(same[1] if same else new_alarm(item, reminder, mail))
    item.content = [one for one in item.content if not (isinstance(one, Component) and one.name == "VALARM")] + made


def _key(reminder: Reminder) -> tuple[object, ...]:
    related = reminder.related if reminder.related != "START" else None
    written = {name: getattr(reminder, name) for name in ("description", "summary")}
    at = parse(reminder.trigger_at, "trigger_at", "UTC") if reminder.trigger_at else None
    delta = read_duration(reminder.trigger) if reminder.trigger else None
    if reminder.minutes_before is not None:
        delta = -reminder.minutes_before * MINUTE
    return (reminder.action, related, at, delta, *written.values())


def new_alarm(item: Component, reminder: Reminder, mail: str | None) -> Component:
    """A VALARM; a mail goes to `mail`. Raises InvalidValue for a reminder without exactly one time."""
    text = reminder.description or item.text("SUMMARY") or "Reminder"
    lines = [line("ACTION", reminder.action), _trigger(reminder)]
    if reminder.action != "AUDIO" or reminder.description:
        lines.append(line("DESCRIPTION", escape(text)))
    if reminder.action == "EMAIL" or reminder.summary:
        lines.append(line("SUMMARY", escape(reminder.summary or item.text("SUMMARY") or "Reminder")))
    if reminder.action == "EMAIL" and mail:
        lines.append(line("ATTENDEE", f"mailto:{mail}"))
    return component("VALARM", *lines)


def _trigger(reminder: Reminder) -> Line:
    given = [name for name in ("minutes_before", "trigger", "trigger_at") if getattr(reminder, name) not in (None, "")]
    if len(given) != 1:
        raise InvalidValue(f"A reminder needs exactly one of minutes_before, trigger, trigger_at; it has {', '.join(given) or 'none'}.")
    if reminder.trigger_at:
        if reminder.related:
            raise InvalidValue(f"related {reminder.related!r} does not go with trigger_at, which is a fixed time.")
        moment = parse(reminder.trigger_at, "trigger_at", "UTC")
        if moment.all_day:
            raise InvalidValue(f"trigger_at {reminder.trigger_at!r} has no time.")
        return line("TRIGGER", moment.value, {"VALUE": "DATE-TIME"})
    value = (reminder.trigger or "").strip().upper() or minutes_value(reminder.minutes_before or 0)
    if read_duration(value) is None:
        raise InvalidValue(f"trigger {reminder.trigger!r} is no duration.", hint="Write -PT30M, -P1D or PT0S.")
    return line("TRIGGER", value, {"RELATED": reminder.related} if reminder.related else None)


def minutes_value(minutes: int) -> str:
    """Minutes before as a trigger."""
    return f"-PT{minutes}M" if minutes else "PT0S"


def set_simple(item: Component, minutes: int | None, by_mail: bool | None, mail: str | None) -> None:
    """The two simple arguments: minutes of the first notification (0: no notification), and whether a mail is sent as well.

    None leaves a part as it is; every other alarm stays.
    """
    if minutes is not None:
        _set_display(item, minutes)
    mails = _simple(item, "EMAIL")
    if by_mail is False:
        _drop(item, mails)
    elif by_mail and not mails:
        before = minutes or next((one.minutes_before for one in reminders_of(item) if one.minutes_before is not None), DEFAULT_MINUTES)
        item.content.append(new_alarm(item, Reminder(minutes_before=before, action="EMAIL"), mail))
    elif minutes and mails and by_mail:
        _retime(mails[0], minutes)


def _set_display(item: Component, minutes: int) -> None:
    shows = _simple(item, "DISPLAY")
    if minutes == 0:
        _drop(item, shows)
    elif shows:
        _retime(shows[0], minutes)
    else:
        item.content.append(new_alarm(item, Reminder(minutes_before=minutes), None))


def _retime(alarm: Component, minutes: int) -> None:
    trigger = alarm.first("TRIGGER")
    if trigger and read_duration(trigger.value) != -minutes * MINUTE:
        alarm.put(line("TRIGGER", minutes_value(minutes)))


def _simple(item: Component, action: str) -> list[Component]:
    """Alarms of that action that are relative to the start."""
    found = [(alarm, reminder) for alarm in item.components("VALARM") if (reminder := read_alarm(alarm)) and reminder.action == action]
    return [alarm for alarm, reminder in found if not reminder.trigger_at and not reminder.related]


def _drop(item: Component, alarms: list[Component]) -> None:
    item.content = [one for one in item.content if not any(one is alarm for alarm in alarms)]
