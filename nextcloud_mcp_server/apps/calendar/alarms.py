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
    """Makes these the alarms of the item; an alarm that says the same already keeps its bytes."""
    existing = item.components("VALARM")
    item.content = [one for one in item.content if not (isinstance(one, Component) and one.name == "VALARM")]
    for reminder in wanted:
        alarm = new_alarm(item, reminder, mail)
        meant = read_alarm(alarm)
        wording = {"description": reminder.description, "summary": reminder.summary}
        sought = meant.model_copy(update=wording) if meant else None
        same = next((number for number, one in enumerate(existing) if read_alarm(one) == sought), None)
        item.content.append(alarm if same is None else existing.pop(same))


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
    _set_first(item, "DISPLAY", minutes, None)
    if by_mail is False:
        _set_first(item, "EMAIL", 0, mail)
    elif by_mail:
        known = (one.minutes_before for one in reminders_of(item) if one.minutes_before is not None)
        before = minutes or (None if _simple(item, "EMAIL") else next(known, DEFAULT_MINUTES))
        _set_first(item, "EMAIL", before, mail)


def _set_first(item: Component, action: str, minutes: int | None, mail: str | None) -> None:
    """Sets the first simple alarm of that action to `minutes` before; 0 drops them all."""
    alarms = _simple(item, action)
    if minutes == 0:
        item.content = [one for one in item.content if not any(one is alarm for alarm in alarms)]
    elif minutes and not alarms:
        item.content.append(new_alarm(item, Reminder.model_validate({"minutes_before": minutes, "action": action}), mail))
    elif minutes and (trigger := alarms[0].first("TRIGGER")) and read_duration(trigger.value) != -minutes * MINUTE:
        alarms[0].put(line("TRIGGER", minutes_value(minutes)))


def _simple(item: Component, action: str) -> list[Component]:
    """Alarms of that action that are relative to the start."""
    found = [(alarm, reminder) for alarm in item.components("VALARM") if (reminder := read_alarm(alarm)) and reminder.action == action]
    return [alarm for alarm, reminder in found if not reminder.trigger_at and not reminder.related]
