"""Events: list, get, create, update, delete."""

import uuid
from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.calendar.client import Calendars
from nextcloud_mcp_server.apps.calendar.edit import Author, EventChanges, apply, utc_value
from nextcloud_mcp_server.apps.calendar.exceptions import exception_for, exclude
from nextcloud_mcp_server.apps.calendar.expansion import occurrence_of, whole
from nextcloud_mcp_server.apps.calendar.matching import EventFilter
from nextcloud_mcp_server.apps.calendar.models import Deleted, Event, EventDetails, SavedEvent, within
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, Kind, begin_of, end_of
from nextcloud_mcp_server.apps.calendar.show import details, last_day, listed
from nextcloud_mcp_server.apps.calendar.times import parse_span, read, shown
from nextcloud_mcp_server.apps.calendar.tools.shared import (
    TOOLS,
    Categories,
    EventStatus,
    NewReminders,
    Occurring,
    Priority,
    Privacy,
    RangeEnd,
    RangeStart,
    Reminders,
    chosen,
    happening,
    noted,
    picked,
    required,
)
from nextcloud_mcp_server.core.arguments import Cursor, Etag, Limit
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate
from nextcloud_mcp_server.nextcloud.content_lines import Component

IN_TRASH = "In the calendar's trash: nc_calendar_restore_event brings it back."
NOT_THERE = "There was no such item; nothing was deleted."
TAKEN_OUT = "Only this occurrence was taken out of the series; it is not in the trash."

Start = Annotated[str, Field(description="Date, or ISO time: Z or offset UTC, else in `timezone`, else floating.")]
End = Annotated[str | None, Field(description="Exclusive for all-day.")]
Zone = Annotated[str | None, Field(description="IANA zone of times without offset.")]
Rule = Annotated[str | None, Field(description="RFC 5545 RRULE.")]
RuleEnd = Annotated[str | None, Field(description="Last day, inclusive.")]
Attendees = Annotated[str | None, Field(description="Comma-separated e-mail addresses.")]
Color = Annotated[str | None, Field(description="CSS colour name.")]
Minutes = Annotated[int, within(0, 60 * 24 * 366), Field(description="0 none.")]


@TOOLS.read(items="events", total="total_found", untrusted=True)
async def nc_calendar_list_events(
    calendars: Calendars,
    calendar_name: str | None = None,
    start_date: RangeStart = None,
    end_date: RangeEnd = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    min_attendees: int | None = None,
    min_duration_minutes: int | None = None,
    categories: Categories = None,
    status: EventStatus | None = None,
    title_contains: str | None = None,
    location_contains: str | None = None,
    search_all_calendars: bool = False,
) -> Page[Event]:
    """List events of one calendar or all, earliest first. With both dates series are expanded; else each is listed once."""
    wanted: EventFilter = picked(EventFilter, locals())
    if not calendar_name and not search_all_calendars:
        names = [one.name for one in await calendars.all()]
        raise InvalidValue("calendar_name is required unless search_all_calendars is true.", candidates=names)
    here = await calendars.here()
    span = parse_span(start_date, end_date, here)
    chosen_ones = await chosen(calendars, None if search_all_calendars else calendar_name, "VEVENT")
    found, problems = await happening(calendars, chosen_ones, span, here)
    fitting = [each for each in found if wanted.fits(each[0], here)]
    echoed = {"calendar_name": calendar_name, "start_date": start_date, "end_date": end_date, **noted(problems)}
    return paginate(fitting, limit, cursor, **echoed).map(lambda each: listed(*each))


@TOOLS.read(untrusted=True)
async def nc_calendar_get_event(calendars: Calendars, calendar_name: str, event_uid: str, occurrence: Occurring = None) -> EventDetails:
    """Read one event, its series, or one occurrence, with attendees, reminders and etag."""
    opened, here = await calendars.find(calendar_name, event_uid, "VEVENT"), await calendars.here()
    one = occurrence_of(opened, occurrence, here) if occurrence else whole(opened)
    if one is None:
        raise InvalidValue("The stored event has no start.")
    return details(one, here, await calendars.href(opened))


@TOOLS.create()
async def nc_calendar_create_event(
    calendars: Calendars,
    calendar_name: str,
    title: str,
    start_datetime: Start,
    end_datetime: End = None,
    all_day: bool | None = None,
    description: str | None = None,
    location: str | None = None,
    categories: Categories = None,
    recurring: bool | None = None,
    recurrence_rule: Rule = None,
    recurrence_end_date: RuleEnd = None,
    reminder_minutes: Minutes = 15,
    reminder_email: bool = False,
    status: EventStatus = "CONFIRMED",
    priority: Priority = 5,
    privacy: Privacy = "PUBLIC",
    attendees: Attendees = None,
    url: str | None = None,
    color: Color = None,
    timezone: Zone = None,
    reminders: Reminders = None,
) -> SavedEvent:
    """Create an event; Nextcloud invites attendees by mail. Without an end it lasts an hour, or a day."""
    changes: EventChanges = picked(EventChanges, locals())
    required("title", title)
    return await create(calendars, calendar_name, changes)


@TOOLS.update()
async def nc_calendar_update_event(
    calendars: Calendars,
    calendar_name: str,
    event_uid: str,
    occurrence: Occurring = None,
    title: str | None = None,
    start_datetime: Start | None = None,
    end_datetime: End = None,
    all_day: bool | None = None,
    description: str | None = None,
    location: str | None = None,
    categories: Categories = None,
    recurring: Annotated[bool | None, Field(description="false ends the series.")] = None,
    recurrence_rule: Rule = None,
    recurrence_end_date: RuleEnd = None,
    reminder_minutes: Minutes | None = None,
    reminder_email: bool | None = None,
    status: EventStatus | None = None,
    priority: Priority | None = None,
    privacy: Privacy | None = None,
    attendees: Annotated[str | None, Field(description="All of them; who stays keeps name and answer.")] = None,
    url: str | None = None,
    color: Color = None,
    timezone: Zone = None,
    reminders: NewReminders = None,
    etag: Etag = None,
) -> SavedEvent:
    """Change the given fields of an event, a whole series or one occurrence; what is left out stays, an empty value clears."""
    changes: EventChanges = picked(EventChanges, locals())
    if changes.empty:
        raise InvalidValue("Nothing to change: no field is given.")
    opened = await calendars.find(calendar_name, event_uid, "VEVENT")
    item = change(opened, changes, await calendars.author(), occurrence)
    return await _saved(calendars, opened, item, await calendars.save(opened, etag))


@TOOLS.delete()
async def nc_calendar_delete_event(
    calendars: Calendars, calendar_name: str, event_uid: str, occurrence: Occurring = None, etag: Etag = None
) -> Deleted:
    """Move an event, or a whole series, to the calendar's trash; with `occurrence` only take that one out of its series."""
    return await delete(calendars, calendar_name, event_uid, "VEVENT", etag, occurrence)


async def delete(
    calendars: Calendars, calendar_name: str, uid: str, kind: Kind, etag: str | None, occurrence: str | None = None
) -> Deleted:
    """Deletes an event or task, or takes an occurrence out of its series (the object goes when it was the last of it here)."""
    code, message = 404, NOT_THERE
    try:
        opened = await calendars.find(calendar_name, uid, kind)
    except NotFound:
        await calendars.named(calendar_name)
    else:
        left = occurrence is not None and exclude(occurrence_of(opened, occurrence, await calendars.here()))
        code = await calendars.save(opened, etag) if left else await calendars.delete(opened, etag)
        message = TAKEN_OUT if left else IN_TRASH
    return Deleted(status_code=code, message=message, deleted_uid=uid, calendar_name=calendar_name)


def change(opened: CalendarObject, changes: EventChanges, author: Author, occurrence: str | None) -> Component:
    """Changes the event or one occurrence in memory; answers what was changed."""
    if occurrence is None:
        if opened.master is None and len(opened.items) > 1:
            raise InvalidValue("Only some occurrences of this series are in this calendar: name one with `occurrence`.")
        item = opened.main
    elif changes.of_series:
        raise InvalidValue("One occurrence cannot recur by itself: leave out `occurrence` to change the series.")
    else:
        item = exception_for(occurrence_of(opened, occurrence, author.here))
    apply(opened, item, changes, author)
    return item


async def create(calendars: Calendars, calendar_name: str, changes: EventChanges) -> SavedEvent:
    """Stores a new event."""
    made = CalendarObject.new("VEVENT", str(uuid.uuid4()), utc_value())
    apply(made, made.main, changes, await calendars.author())
    return await _saved(calendars, made, made.main, await calendars.create(calendar_name, made))


async def _saved(calendars: Calendars, opened: CalendarObject, item: Component, status_code: int) -> SavedEvent:
    start, end = begin_of(item), end_of(item, opened.zones)
    uninvited = item.first("ATTENDEE") and not item.first("ORGANIZER")
    return SavedEvent(
        uid=opened.uid,
        href=await calendars.href(opened),
        etag=opened.stored.etag,
        status_code=status_code,
        start_datetime=shown(start, opened.zones),
        end_datetime=shown(end, opened.zones),
        last_day=last_day(start, end) if start else None,
        occurrence=shown(read(item.first("RECURRENCE-ID")), opened.zones),
        message="This account has no e-mail address in Nextcloud, so nobody is invited." if uninvited else None,
    )
