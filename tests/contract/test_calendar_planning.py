"""Meetings, upcoming events and free times on a Nextcloud."""

from datetime import timedelta
from typing import Any

import pytest

from nextcloud_mcp_server.core.clock import utc_now
from tests.support.assistant import Assistant
from tests.support.calendars import event, get, put, work

__all__ = ["work"]
YEAR = 2031
WEDNESDAY = f"{YEAR}-03-05"


async def free(person: Assistant, **more: Any) -> dict[str, Any]:
    return await person.call("nc_calendar_find_availability", **{"date_range_start": WEDNESDAY, "date_range_end": WEDNESDAY, **more})


def spans(answer: dict[str, Any]) -> list[str]:
    return [f"{slot['start'][11:16]}-{slot['end'][11:16]}" for slot in answer["available_slots"]]


async def test_a_meeting_is_at_the_persons_own_time(alice: Assistant, work: str, name: str) -> None:
    made = await alice.call(
        "nc_calendar_create_meeting",
        title=name,
        date="2027-05-04",
        time="9:30",
        duration_minutes=45,
        calendar_name=work,
        attendees="g@example.net",
    )
    got = await alice.call("nc_calendar_get_event", calendar_name=work, event_uid=made["uid"])
    zone = (await alice.session.person()).zone
    assert (got["start_datetime"][:16], got["end_datetime"][:16]) == ("2027-05-04T09:30", "2027-05-04T10:15")
    assert got.get("start_tz", "UTC") == str(zone)
    assert (got["attendees"], got["reminders"][0]["minutes_before"]) == ("g@example.net", 15)
    for wrong in ({"date": "4 May"}, {"time": "noon"}, {"duration_minutes": 0}):
        text = await alice.error(
            "nc_calendar_create_meeting", **{"title": name, "date": "2027-05-04", "time": "09:30", "calendar_name": work, **wrong}
        )
        assert str(next(iter(wrong.values()))) in text


async def test_upcoming_events_begin_now(alice: Assistant, work: str, name: str) -> None:
    now = utc_now().replace(microsecond=0)
    for number, (start, end) in enumerate(((-48, -47), (-1, 1), (24, 25), (24 * 20, 24 * 20 + 1))):
        lines = [f"{key}:{now + timedelta(hours=hours):%Y%m%dT%H%M%SZ}" for key, hours in (("DTSTART", start), ("DTEND", end))]
        await put(alice, work, f"{name}-{number}.ics", event(f"{name}-{number}", *lines, f"SUMMARY:{name}"))
    answer = await alice.call("nc_calendar_get_upcoming_events", calendar_name=work, limit=500)
    assert [row["uid"] for row in answer["events"] if row["summary"] == name] == [f"{name}-1", f"{name}-2"]
    assert (answer["days_ahead"], answer["calendar_name"]) == (7, work)
    everywhere = await alice.call("nc_calendar_get_upcoming_events", days_ahead=1, limit=500)
    assert f"{name}-1" in [row["uid"] for row in everywhere["events"]]


async def test_a_day_without_appointments_is_free_as_a_whole(bob: Assistant) -> None:
    answer = await free(bob, duration_minutes=60)
    assert spans(answer) == ["09:00-17:00"]
    assert [slot["duration_minutes"] for slot in answer["available_slots"]] == [480]
    assert (answer["duration_requested"], answer["date_range_start"], answer["date_range_end"]) == (60, WEDNESDAY, WEDNESDAY)
    assert spans(await free(bob, duration_minutes=60, business_hours_only=False)) == ["00:00-00:00"]
    assert spans(await free(bob, duration_minutes=60, preferred_times="08:00-09:30, 20:00-20:30")) == ["08:00-09:30"]
    saturday = {"date_range_start": f"{YEAR}-03-08", "date_range_end": f"{YEAR}-03-09"}
    assert spans(await free(bob, duration_minutes=60, **saturday)) == []
    assert spans(await free(bob, duration_minutes=60, exclude_weekends=False, **saturday)) == ["09:00-17:00"] * 2


async def test_only_what_blocks_makes_busy(alice: Assistant, work: str, name: str) -> None:
    day = f"{YEAR}0306"
    every = {
        "busy": (f"DTSTART:{day}T100000Z", f"DTEND:{day}T110000Z"),
        "series": (f"DTSTART:{YEAR}0227T140000Z", f"DTEND:{YEAR}0227T150000Z", "RRULE:FREQ=WEEKLY;COUNT=4"),
        "cancelled": (f"DTSTART:{day}T120000Z", f"DTEND:{day}T130000Z", "STATUS:CANCELLED"),
        "transparent": (f"DTSTART:{day}T120000Z", f"DTEND:{day}T130000Z", "TRANSP:TRANSPARENT"),
        "all-day": (f"DTSTART;VALUE=DATE:{day}",),
    }
    for kind, lines in every.items():
        await put(alice, work, f"{name}-{kind}.ics", event(f"{name}-{kind}", *lines, f"SUMMARY:{kind}"))
    thursday = {"date_range_start": f"{YEAR}-03-06", "date_range_end": f"{YEAR}-03-06"}
    zone = (await alice.session.person()).zone
    if str(zone) != "UTC":
        pytest.skip("the hours below are those of UTC")
    assert spans(await free(alice, duration_minutes=30, **thursday)) == ["09:00-10:00", "11:00-14:00", "15:00-17:00"]
    assert spans(await free(alice, duration_minutes=90, **thursday)) == ["11:00-14:00", "15:00-17:00"]
    page = await free(alice, duration_minutes=30, limit=2, **thursday)
    assert spans(page) == ["09:00-10:00", "11:00-14:00"]
    assert spans(await free(alice, duration_minutes=30, limit=2, cursor=page["next_cursor"], **thursday)) == ["15:00-17:00"]


async def test_busy_times_of_attendees_count_and_unknown_ones_are_named(alice: Assistant, bob: Assistant, work: str, name: str) -> None:
    made = await bob.call(
        "nc_calendar_create_event",
        calendar_name="personal",
        title=name,
        start_datetime=f"{YEAR}-03-07T13:00:00Z",
        end_datetime=f"{YEAR}-03-07T14:00:00Z",
    )
    mail = (await bob.session.person()).email
    try:
        friday = {"date_range_start": f"{YEAR}-03-07", "date_range_end": f"{YEAR}-03-07", "business_hours_only": False}
        answer = await free(alice, duration_minutes=30, attendees=f"{mail}, nobody@example.net", **friday)
        assert (answer["attendees_checked"], answer["unknown_attendees"]) == ([mail], ["nobody@example.net"])
        assert not [one for one in answer["available_slots"] if one["start"] < f"{YEAR}-03-07T13:30" < one["end"]]
        alone = await free(alice, duration_minutes=30, **friday)
        assert [one for one in alone["available_slots"] if one["start"] < f"{YEAR}-03-07T13:30" < one["end"]]
    finally:
        await bob.call("nc_calendar_delete_event", calendar_name="personal", event_uid=made["uid"])


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"duration_minutes": 0}, "duration_minutes"),
        ({"preferred_times": "morning"}, "'morning'"),
        ({"preferred_times": "12:00-09:00"}, "12:00-09:00"),
        ({"date_range_start": "soon"}, "'soon'"),
        ({"attendees": "bob"}, "'bob'"),
    ],
)
async def test_wrong_arguments_are_named(bob: Assistant, wrong: dict[str, Any], named: str) -> None:
    assert named in await bob.error("nc_calendar_find_availability", **{"duration_minutes": 30, **wrong})


async def test_the_organizer_of_a_meeting_is_bumped_to_a_new_revision_when_it_moves(alice: Assistant, work: str, name: str) -> None:
    made = await alice.call(
        "nc_calendar_create_meeting", title=name, date="2027-05-04", time="09:30", calendar_name=work, attendees="g@example.net"
    )
    uid = {"calendar_name": work, "event_uid": made["uid"]}
    await alice.call("nc_calendar_update_event", **uid, title="only the title")
    assert "SEQUENCE" not in await get(alice, work, f"{made['uid']}.ics")
    await alice.call("nc_calendar_update_event", **uid, end_datetime="2027-05-04T12:00:00")
    assert "SEQUENCE:1" in await get(alice, work, f"{made['uid']}.ics")
