"""Series on a Nextcloud: expanded, changed as a whole, changed in one occurrence."""

from typing import Any

import pytest

from tests.support.assistant import Assistant
from tests.support.calendars import event, get, put, work

__all__ = ["work"]
MARCH = {"start_date": "2027-03-01", "end_date": "2027-04-04"}


@pytest.fixture
async def series(alice: Assistant, work: str, name: str) -> str:
    """Mondays at 10 in Berlin, across the change to summer time."""
    made = await alice.call(
        "nc_calendar_create_event",
        calendar_name=work,
        title=name,
        start_datetime="2027-03-08T10:00:00",
        end_datetime="2027-03-08T11:00:00",
        timezone="Europe/Berlin",
        recurrence_rule="FREQ=WEEKLY;COUNT=4",
        attendees="guest@example.net",
        location="Room",
    )
    return made["uid"]


async def rows(person: Assistant, calendar: str, uid: str, **more: Any) -> list[dict[str, Any]]:
    page = await person.call("nc_calendar_list_events", calendar_name=calendar, limit=500, **{**MARCH, **more})
    return [row for row in page["events"] if row["uid"] == uid]


async def change(person: Assistant, calendar: str, uid: str, **more: Any) -> dict[str, Any]:
    return await person.call("nc_calendar_update_event", calendar_name=calendar, event_uid=uid, **more)


async def test_a_series_is_expanded_by_the_clock_of_its_zone(alice: Assistant, work: str, series: str) -> None:
    found = await rows(alice, work, series)
    assert [row["start"] for row in found] == [
        "2027-03-08T10:00:00+01:00",
        "2027-03-15T10:00:00+01:00",
        "2027-03-22T10:00:00+01:00",
        "2027-03-29T10:00:00+02:00",
    ]
    assert [row["occurrence"] for row in found] == [row["start"] for row in found]
    assert {row["start_tz"] for row in found} == {"Europe/Berlin"}
    assert [row["start"] for row in await rows(alice, work, series, start_date="2027-03-15", end_date="2027-03-15")] == [found[1]["start"]]


async def test_without_both_dates_a_series_is_one_row(alice: Assistant, work: str, series: str) -> None:
    assert [row["start"] for row in await rows(alice, work, series, start_date=None, end_date=None)] == ["2027-03-08T10:00:00+01:00"]


async def test_one_occurrence_changes_and_the_others_stay(alice: Assistant, work: str, series: str, name: str) -> None:
    saved = await change(
        alice,
        work,
        series,
        occurrence="2027-03-15T10:00:00+01:00",
        title="moved",
        start_datetime="2027-03-16T14:00:00",
        end_datetime="2027-03-16T15:00:00",
    )
    assert (saved["occurrence"], saved["start_datetime"]) == ("2027-03-15T10:00:00+01:00", "2027-03-16T14:00:00+01:00")
    assert [(row["summary"], row["start"]) for row in await rows(alice, work, series)] == [
        (name, "2027-03-08T10:00:00+01:00"),
        ("moved", "2027-03-16T14:00:00+01:00"),
        (name, "2027-03-22T10:00:00+01:00"),
        (name, "2027-03-29T10:00:00+02:00"),
    ]
    one = await alice.call("nc_calendar_get_event", calendar_name=work, event_uid=series, occurrence="2027-03-15T10:00:00+01:00")
    assert (one["title"], one["location"], one["attendees"]) == ("moved", "Room", "guest@example.net")
    whole = await alice.call("nc_calendar_get_event", calendar_name=work, event_uid=series)
    assert (whole["title"], whole["recurrence_rule"], whole["changed_occurrences"]) == (
        name,
        "FREQ=WEEKLY;COUNT=4",
        ["2027-03-15T10:00:00+01:00"],
    )
    await change(alice, work, series, occurrence="2027-03-15T10:00:00+01:00", location="again")
    assert (await get(alice, work, f"{series}.ics")).count("BEGIN:VEVENT") == 2


async def test_a_change_of_the_series_keeps_its_exceptions(alice: Assistant, work: str, series: str) -> None:
    await change(alice, work, series, occurrence="2027-03-15", title="special")
    await change(alice, work, series, occurrence="2027-03-22", start_datetime="2027-03-23T18:00:00", end_datetime="2027-03-23T19:00:00")
    await change(alice, work, series, description="for all")
    await change(alice, work, series, start_datetime="2027-03-08T12:00:00", end_datetime="2027-03-08T13:00:00")
    found = await rows(alice, work, series)
    assert [(row["summary"] == "special", row["start"]) for row in found] == [
        (False, "2027-03-08T12:00:00+01:00"),
        (True, "2027-03-15T12:00:00+01:00"),
        (False, "2027-03-23T18:00:00+01:00"),
        (False, "2027-03-29T12:00:00+02:00"),
    ]


async def test_deleting_one_occurrence_leaves_the_series(alice: Assistant, work: str, series: str) -> None:
    await change(alice, work, series, occurrence="2027-03-15", title="special")
    for day in ("2027-03-15T10:00:00+01:00", "2027-03-22"):
        answer = await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=series, occurrence=day)
        assert "not in the trash" in answer["message"]
    assert [row["start"][:10] for row in await rows(alice, work, series)] == ["2027-03-08", "2027-03-29"]
    gone = await alice.error("nc_calendar_delete_event", calendar_name=work, event_uid=series, occurrence="2027-03-22")
    assert "2027-03-29T10:00:00+02:00" in gone


async def test_an_occurrence_that_does_not_exist_is_refused(alice: Assistant, work: str, series: str) -> None:
    text = await alice.error("nc_calendar_update_event", calendar_name=work, event_uid=series, occurrence="2027-03-09", title="x")
    assert "no occurrence '2027-03-09'" in text
    assert "cannot recur by itself" in await alice.error(
        "nc_calendar_update_event", calendar_name=work, event_uid=series, occurrence="2027-03-15", recurrence_rule="FREQ=DAILY"
    )


async def test_a_series_can_be_bounded_extended_and_ended(alice: Assistant, work: str, series: str) -> None:
    await change(alice, work, series, recurrence_end_date="2027-03-15")
    assert len(await rows(alice, work, series)) == 2
    await change(alice, work, series, recurrence_rule="FREQ=DAILY;COUNT=3")
    assert [row["start"][:10] for row in await rows(alice, work, series)] == ["2027-03-08", "2027-03-09", "2027-03-10"]
    await change(alice, work, series, recurring=False)
    found = await rows(alice, work, series)
    assert [(row["start"][:10], row.get("occurrence"), row.get("recurring")) for row in found] == [("2027-03-08", None, None)]


@pytest.mark.parametrize(
    ("lines", "starts", "until"),
    [
        (("DTSTART;VALUE=DATE:20270308", "DTEND;VALUE=DATE:20270309"), ["2027-03-08", "2027-03-09", "2027-03-10"], "UNTIL=20270310"),
        (
            ("DTSTART:20270308T233000", "DTEND:20270308T234500"),
            ["2027-03-08T23:30:00", "2027-03-09T23:30:00", "2027-03-10T23:30:00"],
            "UNTIL=20270310T235959",
        ),
        (
            ("DTSTART:20270308T233000Z", "DTEND:20270308T234500Z"),
            ["2027-03-08T23:30:00+00:00", "2027-03-09T23:30:00+00:00", "2027-03-10T23:30:00+00:00"],
            "UNTIL=20270310T235959Z",
        ),
        (
            ("DTSTART;TZID=America/New_York:20270308T233000", "DTEND;TZID=America/New_York:20270308T234500"),
            ["2027-03-08T23:30:00-05:00", "2027-03-09T23:30:00-05:00", "2027-03-10T23:30:00-05:00"],
            "UNTIL=20270311T045959Z",
        ),
    ],
)
async def test_an_end_date_is_inclusive_in_the_kind_and_zone_of_the_start(
    alice: Assistant, work: str, name: str, lines: tuple[str, ...], starts: list[str], until: str
) -> None:
    await put(alice, work, f"{name}.ics", event(name, *lines, "RRULE:FREQ=DAILY", "SUMMARY:x"))
    await change(alice, work, name, recurrence_end_date="2027-03-10")
    assert f"RRULE:FREQ=DAILY;{until}" in (await get(alice, work, f"{name}.ics")).splitlines()
    assert [row["start"] for row in await rows(alice, work, name)] == starts
    got = await alice.call("nc_calendar_get_event", calendar_name=work, event_uid=name)
    assert got["recurrence_end_date"] == "2027-03-10"
    await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=name, occurrence=starts[1])
    assert [row["start"] for row in await rows(alice, work, name)] == [starts[0], starts[2]]


async def test_a_zone_only_the_object_knows_is_understood(alice: Assistant, work: str, name: str) -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Our Zone\r\nBEGIN:STANDARD\r\nDTSTART:20000101T000000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
    )
    text = event(
        name, "DTSTART;TZID=Our Zone:20270308T100000", "DTEND;TZID=Our Zone:20270308T110000", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:x"
    )
    await put(alice, work, f"{name}.ics", text.replace("BEGIN:VEVENT", zone))
    assert [(row["start"], row["start_tz"]) for row in await rows(alice, work, name)] == [
        ("2027-03-08T10:00:00+03:00", "Our Zone"),
        ("2027-03-09T10:00:00+03:00", "Our Zone"),
    ]


async def test_a_series_whose_last_date_is_taken_out_goes_to_the_trash(alice: Assistant, work: str, name: str) -> None:
    await put(alice, work, f"{name}.ics", event(name, "DTSTART:20270503T100000Z", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:x"))
    first = await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=name, occurrence="2027-05-03")
    last = await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=name, occurrence="2027-05-04")
    assert ("not in the trash" in first["message"], "nc_calendar_restore_event" in last["message"]) == (True, True)
    assert f"{name!r} not found" in await alice.error("nc_calendar_get_event", calendar_name=work, event_uid=name)
    deleted = (await alice.call("nc_calendar_list_trash", limit=100))["deleted"]
    assert [(one["kind"], one["calendar_name"]) for one in deleted if one["uid"] == name] == [("event", work)]


async def test_a_rule_without_any_date_is_an_error_that_says_so(alice: Assistant, work: str, name: str) -> None:
    text = event(name, "DTSTART:20270503T100000Z", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20270503T100000Z", "SUMMARY:x")
    await put(alice, work, f"{name}.ics", text)
    for rule, said in (("FREQ=DAILY;UNTIL=20260101T000000Z", "before the start"), ("FREQ=DAILY;COUNT=1", "no date")):
        assert said in await alice.error("nc_calendar_update_event", calendar_name=work, event_uid=name, recurrence_rule=rule)
    assert await get(alice, work, f"{name}.ics") == text


async def test_a_weekly_meeting_moves_to_another_day_of_the_week(alice: Assistant, work: str, name: str) -> None:
    zoned = "TZID=Europe/Berlin:20270503T"
    lines = (f"DTSTART;{zoned}100000", f"DTEND;{zoned}110000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4", "SUMMARY:x")
    await put(alice, work, f"{name}.ics", event(name, *lines, "EXDATE;TZID=Europe/Berlin:20270510T100000"))
    await change(alice, work, name, start_datetime="2027-05-04T09:00:00", end_datetime="2027-05-04T10:00:00")
    seen = await alice.call("nc_calendar_list_events", calendar_name=work, start_date="2027-05-01", end_date="2027-06-30")
    starts = [row["start"][:16] for row in seen["events"] if row["uid"] == name]
    assert starts == ["2027-05-04T09:00", "2027-05-18T09:00", "2027-05-25T09:00"]
