"""Events as tools show them."""

from datetime import timedelta, tzinfo

from nextcloud_mcp_server.apps.calendar.alarms import reminders_of
from nextcloud_mcp_server.apps.calendar.edit import categories_of
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


def listed(one: Occurrence, calendar: Calendar) -> Event:
    """A row of a listing."""
    item, zones = one.item, one.stored.zones
    description = item.text("DESCRIPTION")
    return Event(
        uid=one.stored.uid,
        summary=item.text("SUMMARY") or "",
        start=shown(one.start, zones) or "",
        end=shown(one.end, zones),
        last_day=last_day(one.start, one.end),
        start_tz=zone_name(one.start),
        end_tz=zone_name(one.end),
        all_day=one.start.all_day,
        location=item.text("LOCATION") or None,
        description=preview(description) if description else None,
        categories=categories_of(item),
        status=(item.text("STATUS") or "").upper() or None,
        recurring=True if one.stored.recurring else None,
        occurrence=one.recurrence_id,
        attendee_count=len(attendees_of(item)) or None,
        calendar_name=calendar.name,
        calendar_display_name=calendar.display_name,
    )


def details(one: Occurrence, here: tzinfo, href: str) -> EventDetails:
    """Everything of one event, or of one occurrence."""
    item, stored, zones = one.item, one.stored, one.stored.zones
    rule, people = stored.main.first("RRULE"), [mail_of(person) for person in attendees_of(item)]
    organizer = item.first("ORGANIZER")
    return EventDetails(
        uid=stored.uid,
        title=item.text("SUMMARY") or "",
        description=item.text("DESCRIPTION") or "",
        location=item.text("LOCATION") or "",
        status=(item.text("STATUS") or "CONFIRMED").upper(),
        priority=priority_of(item.text("PRIORITY")),
        privacy=(item.text("CLASS") or "PUBLIC").upper(),
        url=item.text("URL") or "",
        color=item.text("COLOR"),
        start_datetime=shown(one.start, zones),
        end_datetime=shown(one.end, zones),
        last_day=last_day(one.start, one.end),
        start_tz=zone_name(one.start),
        end_tz=zone_name(one.end),
        all_day=one.start.all_day,
        categories=", ".join(categories_of(item)),
        recurring=stored.recurring,
        recurrence_rule=rule.value if rule else None,
        recurrence_end_date=end_shown(rule.value, one.start, zones, here) if rule else None,
        occurrence=one.recurrence_id,
        changed_occurrences=[shown(moment, zones) or "" for moment in changed_occurrences(stored)] or None,
        organizer=mail_of(organizer) if organizer else None,
        attendees=", ".join(people),
        attendee_status=participation(item) or None,
        reminders=reminders_of(item),
        href=href,
        etag=stored.stored.etag,
    )
