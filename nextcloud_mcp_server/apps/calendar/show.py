"""Events as tools show them."""

from datetime import timedelta, tzinfo
from typing import Any

from nextcloud_mcp_server.apps.calendar.alarms import reminders_of
from nextcloud_mcp_server.apps.calendar.edit import TEXTS, categories_of
from nextcloud_mcp_server.apps.calendar.exceptions import changed_occurrences
from nextcloud_mcp_server.apps.calendar.expansion import Occurrence
from nextcloud_mcp_server.apps.calendar.models import Calendar, Event, EventDetails
from nextcloud_mcp_server.apps.calendar.people import attendees_of, mail_of, participation
from nextcloud_mcp_server.apps.calendar.rules import end_shown
from nextcloud_mcp_server.apps.calendar.times import Moment, shown, zone_name
from nextcloud_mcp_server.core.text import preview

DAY = timedelta(days=1)


def last_day(start: Moment, end: Moment | None) -> str | None:
    """The last day that an all-day event covers."""
    return max(start.day, (end.day if end else start.day + DAY) - DAY).isoformat() if start.all_day else None


def priority_of(text: str | None) -> int:
    """0 to 9; 0 where there is none that makes sense."""
    return int(text) if text and text.strip().isdecimal() and int(text) <= 9 else 0


def _timed(one: Occurrence) -> dict[str, Any]:
    """The fields of `Timed`."""
    return {
        "last_day": last_day(one.start, one.end),
        "start_tz": zone_name(one.start),
        "end_tz": zone_name(one.end),
        "all_day": one.start.all_day,
        "occurrence": one.recurrence_id,
    }


def listed(one: Occurrence, calendar: Calendar) -> Event:
    """A row of a listing."""
    item, zones = one.item, one.stored.zones
    description = item.text("DESCRIPTION")
    return Event(
        **_timed(one),
        recurring=one.stored.recurring or None,
        uid=one.stored.uid,
        summary=item.text("SUMMARY") or "",
        start=shown(one.start, zones) or "",
        end=shown(one.end, zones),
        location=item.text("LOCATION") or None,
        description=preview(description) if description else None,
        categories=categories_of(item),
        status=(item.text("STATUS") or "").upper() or None,
        attendee_count=len(attendees_of(item)) or None,
        calendar_name=calendar.name,
        calendar_display_name=calendar.display_name,
    )


def details(one: Occurrence, here: tzinfo, href: str) -> EventDetails:
    """Everything of one event, or of one occurrence."""
    item, stored, zones = one.item, one.stored, one.stored.zones
    rule, organizer = stored.main.first("RRULE"), item.first("ORGANIZER")
    texts: dict[str, Any] = {field: item.text(name) or "" for field, name in {**TEXTS, "url": "URL"}.items()}
    return EventDetails(
        **_timed(one),
        **texts,
        uid=stored.uid,
        recurring=stored.recurring,
        status=(item.text("STATUS") or "CONFIRMED").upper(),
        priority=priority_of(item.text("PRIORITY")),
        privacy=(item.text("CLASS") or "PUBLIC").upper(),
        color=item.text("COLOR"),
        start_datetime=shown(one.start, zones),
        end_datetime=shown(one.end, zones),
        categories=", ".join(categories_of(item)),
        recurrence_rule=rule.value if rule else None,
        recurrence_end_date=end_shown(rule.value, one.start, zones, here) if rule else None,
        changed_occurrences=[shown(moment, zones) or "" for moment in changed_occurrences(stored)] or None,
        organizer=mail_of(organizer) if organizer else None,
        attendees=", ".join(mail_of(person) for person in attendees_of(item)),
        attendee_status=participation(item) or None,
        reminders=reminders_of(item),
        href=href,
        etag=stored.stored.etag,
    )
