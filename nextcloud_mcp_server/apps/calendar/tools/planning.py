"""Meetings, what is coming, and when people have time."""

from datetime import datetime, timedelta, tzinfo
from datetime import time as clock
from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.calendar.client import Calendars
from nextcloud_mcp_server.apps.calendar.edit import EventChanges
from nextcloud_mcp_server.apps.calendar.free import BUSINESS_HOURS, Stretch, Wanted, busy_times, parse_windows, reported_busy, slots
from nextcloud_mcp_server.apps.calendar.models import Event, SavedEvent, Slot, within
from nextcloud_mcp_server.apps.calendar.people import Address, parse_people
from nextcloud_mcp_server.apps.calendar.show import listed
from nextcloud_mcp_server.apps.calendar.times import Span, parse_day, parse_span
from nextcloud_mcp_server.apps.calendar.tools.events import Attendees, Minutes, create
from nextcloud_mcp_server.apps.calendar.tools.shared import TOOLS, RangeEnd, chosen, happening, noted, required
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate

DAYS_TO_SEARCH = 7
Length = Annotated[int, within(1, 24 * 60)]


@TOOLS.create()
async def nc_calendar_create_meeting(
    calendars: Calendars,
    title: str,
    date: str,
    time: Annotated[str, Field(description="HH:MM in the user's zone.")],
    duration_minutes: Length = 60,
    calendar_name: str = "personal",
    attendees: Attendees = None,
    location: str | None = None,
    description: str | None = None,
    reminder_minutes: Minutes = 15,
) -> SavedEvent:
    """Create a meeting at a time of the user's own zone and invite people; nc_calendar_create_event can do more."""
    start = datetime.combine(parse_day(date, "date"), _parse_time(time))
    zone = str(await calendars.here())
    changes = EventChanges(
        title=required("title", title),
        start_datetime=start.isoformat(),
        end_datetime=(start + timedelta(minutes=duration_minutes)).isoformat(),
        timezone=zone,
        attendees=attendees,
        location=location,
        description=description,
        reminder_minutes=reminder_minutes,
        status="CONFIRMED",
    )
    return await create(calendars, calendar_name, changes)


def _parse_time(text: str) -> clock:
    try:
        return clock.fromisoformat(text.strip().zfill(5)).replace(tzinfo=None)
    except ValueError:
        raise InvalidValue(f"time {text!r} is no time.", hint="Write HH:MM.") from None


@TOOLS.read(items="events", untrusted=True)
async def nc_calendar_get_upcoming_events(
    calendars: Calendars,
    calendar_name: Annotated[str | None, Field(description="All if left out.")] = None,
    days_ahead: Annotated[int, within(1, 366)] = 7,
    limit: Limit = 10,
    cursor: Cursor = None,
) -> Page[Event]:
    """List what is going on now and in the next days."""
    here, now = await calendars.here(), utc_now()
    span = Span(now, now + timedelta(days=days_ahead))
    found, problems = await happening(calendars, await chosen(calendars, calendar_name, "VEVENT"), span, here)
    page = paginate(found, limit, cursor, days_ahead=days_ahead, calendar_name=calendar_name, **noted(problems))
    return page.map(lambda each: listed(*each))


@TOOLS.read(items="available_slots", untrusted=True)
async def nc_calendar_find_availability(
    calendars: Calendars,
    duration_minutes: Length,
    attendees: Attendees = None,
    date_range_start: Annotated[str | None, Field(description="Today if left out.")] = None,
    date_range_end: RangeEnd = None,
    business_hours_only: Annotated[bool, Field(description=BUSINESS_HOURS)] = True,
    exclude_weekends: bool = True,
    preferred_times: Annotated[str | None, Field(description="HH:MM-HH:MM,… instead.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Slot]:
    """Find gaps long enough for a meeting when the user, and attendees of this Nextcloud, are free. All-day events do not block."""
    here = await calendars.here()
    span, echoed = _range(date_range_start, date_range_end, here)
    windows = parse_windows(preferred_times or (BUSINESS_HOURS if business_hours_only else "0:00-24:00"))
    people = parse_people(attendees or "")
    busy, problems = await _own_busy(calendars, span)
    unknown = await _others_busy(calendars, people, span, busy)
    wanted = Wanted(timedelta(minutes=duration_minutes), windows, not exclude_weekends)
    return paginate(
        slots(busy, span, wanted, here),
        limit,
        cursor,
        duration_requested=duration_minutes,
        **echoed,
        attendees_checked=[one.mail for one in people if one.mail not in unknown],
        unknown_attendees=unknown or None,
        business_hours_only=business_hours_only,
        **noted(problems),
    )


def _range(start: str | None, end: str | None, here: tzinfo) -> tuple[Span, dict[str, str]]:
    """The asked range from now on, or as it is where it lies in the past; and the two dates to echo."""
    now = utc_now()
    first = start or now.astimezone(here).date().isoformat()
    opened = parse_span(first, None, here).start or now
    last = end or (opened.astimezone(here).date() + timedelta(days=DAYS_TO_SEARCH)).isoformat()
    span = parse_span(first, last, here)
    later = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if span.start and span.end and span.start < now < span.end:
        span = Span(later, span.end)
    return span, {"date_range_start": first, "date_range_end": last}


async def _own_busy(calendars: Calendars, span: Span) -> tuple[list[Stretch], list[str]]:
    """The busy times of the person's own calendars: not subscriptions, others' or transparent ones."""
    author = await calendars.author()
    own = [one for one in await chosen(calendars, None, "VEVENT") if not (one.source or one.owner or one.transparent or one.generated_by)]
    found, problems = await happening(calendars, own, span, author.here)
    return list(busy_times((one for one, _ in found), author.mail, author.here)), problems


async def _others_busy(calendars: Calendars, people: list[Address], span: Span, busy: list[Stretch]) -> list[str]:
    """Adds the busy times of other people; answers who is unknown to this Nextcloud."""
    me = (await calendars.author()).mail or ""
    asked = [one for one in people if one.mail.casefold() != me.casefold()]
    replies = await calendars.free_busy(asked, span) if asked else {}
    unknown: list[str] = []
    for one in asked:
        reply = replies.get(one.mail.casefold())
        if reply is None:
            unknown.append(one.mail)
        else:
            busy += reported_busy(reply)
    return unknown
