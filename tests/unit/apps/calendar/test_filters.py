"""Every filter of the event list leaves out what it should and nothing else; together they are all met."""

from typing import Any

import pytest

from nextcloud_mcp_server.apps.calendar.tools.events import nc_calendar_list_events
from tests.unit.apps.calendar.test_many_and_broken import kept


def event(uid: str, *lines: str) -> str:
    every = "\n".join(("BEGIN:VCALENDAR", "BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", "END:VCALENDAR"))
    return f"{every}\n"


BOB, CARLA = "ATTENDEE:mailto:bob@example.org", "ATTENDEE:mailto:carla@example.org"
EVENTS = [
    event("short", "DTSTART:20270504T100000Z", "DTEND:20270504T102900Z", "SUMMARY:Stand-up", BOB),
    event("half", "DTSTART:20270504T110000Z", "DURATION:PT30M", "SUMMARY:Planning", "LOCATION:Room 5", "STATUS:TENTATIVE", BOB, CARLA),
    event("night", "DTSTART:20270504T230000Z", "DTEND:20270505T010000Z", "SUMMARY:Release", "CATEGORIES:Work,Late", "LOCATION:Home"),
    event("day", "DTSTART;VALUE=DATE:20270506", "SUMMARY:Planning day", "STATUS:CANCELLED", "CATEGORIES:work"),
]
EVERY = {"short", "half", "night", "day"}


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({}, EVERY),
        ({"min_duration_minutes": 29}, EVERY),
        ({"min_duration_minutes": 30}, {"half", "night", "day"}),
        ({"min_duration_minutes": 120}, {"night", "day"}),
        ({"min_duration_minutes": 1440}, {"day"}),
        ({"min_attendees": 1}, {"short", "half"}),
        ({"min_attendees": 2}, {"half"}),
        ({"status": "TENTATIVE"}, {"half"}),
        ({"status": "CONFIRMED"}, {"short", "night"}),
        ({"categories": "WORK"}, {"night", "day"}),
        ({"title_contains": "planning"}, {"half", "day"}),
        ({"location_contains": "room"}, {"half"}),
        ({"title_contains": "planning", "min_duration_minutes": 60}, {"day"}),
        ({"min_attendees": 1, "min_duration_minutes": 1440}, set[str]()),
    ],
    ids=str,
)
async def test_a_filter_leaves_what_meets_it(filters: dict[str, Any], left: set[str]) -> None:
    page = await nc_calendar_list_events(kept({"work": EVENTS}), calendar_name="work", **filters)
    assert {one.uid for one in page.items} == left
    assert page.total == len(left)
