"""Bulk operations on a Nextcloud: refuse, show, then do."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.contract.conftest import Place
from tests.support.assistant import Assistant
from tests.support.calendars import event, fresh, get, purge, put, work

__all__ = ["work"]
MAY = {"start_date": "2027-05-01", "end_date": "2027-05-31"}


@pytest.fixture(scope="module")
async def other(place: Place) -> AsyncGenerator[str]:
    name = await fresh(place.alice)
    yield name
    await purge(place.alice, name)


@pytest.fixture
async def events(alice: Assistant, work: str, name: str) -> list[str]:
    """Two single events and a weekly series in May."""
    uids = [f"{name}-{number}" for number in range(3)]
    for number, uid in enumerate(uids):
        rule = ("RRULE:FREQ=WEEKLY;COUNT=6",) if number == 2 else ()
        lines = (
            f"DTSTART:202705{10 + number}T100000Z",
            "DURATION:PT1H",
            f"SUMMARY:{name} {number}",
            *rule,
            "STATUS:TENTATIVE",
            "X-KEEP;A=b:c",
        )
        await put(alice, work, f"file of {uid}.ics", event(uid, *lines, "ATTENDEE;PARTSTAT=ACCEPTED;CN=G:mailto:g@example.net"))
    return uids


async def bulk(person: Assistant, operation: str, **more: Any) -> dict[str, Any]:
    return await person.call("nc_calendar_bulk_operations", operation=operation, **more)


async def titles(person: Assistant, calendar: str, name: str) -> list[str]:
    page = await person.call("nc_calendar_list_events", calendar_name=calendar, title_contains=name, **MAY, limit=500)
    return [row["summary"].removeprefix(f"{name} ") for row in page["events"]]


async def test_without_confirm_nothing_changes_and_everything_is_named(alice: Assistant, work: str, events: list[str], name: str) -> None:
    for operation, more in (("delete", {}), ("update", {"new_title": "changed"})):
        answer = await bulk(alice, operation, calendar_name=work, title_contains=name, **MAY, **more)
        assert (answer["dry_run"], answer["total_found"], answer["failed_count"]) == (True, 3, 0)
        assert {one["uid"]: (one["title"], one["status"]) for one in answer["results"]} == {
            uid: (f"{name} {number}", "matched") for number, uid in enumerate(events)
        }
    assert await titles(alice, work, name) == ["0", "1", "2", "2", "2"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"start_date": "2027-5-1x"}, "2027-5-1x"),
        ({"end_date": "soon", "title_contains": "x"}, "soon"),
        ({"status": "MAYBE"}, "MAYBE"),
        ({}, "No filter"),
        ({"categories": " , "}, "No filter"),
        ({"title_contains": " ", "location_contains": "", "start_date": ""}, "No filter"),
        ({"title_contains": "x", "new_title": "y"}, "new_"),
        ({"title_contains": "x", "target_calendar": "personal"}, "target_calendar"),
        ({"title_contains": "x", "start_date": "2027-05-02", "end_date": "2027-05-01"}, "before"),
    ],
)
async def test_a_filter_that_cannot_be_understood_deletes_nothing(
    alice: Assistant, work: str, events: list[str], name: str, arguments: dict[str, Any], named: str
) -> None:
    assert named in await alice.error("nc_calendar_bulk_operations", operation="delete", confirm=True, **arguments)
    assert await titles(alice, work, name) == ["0", "1", "2", "2", "2"]


async def test_only_matching_occurrences_of_a_series_are_deleted(alice: Assistant, work: str, events: list[str], name: str) -> None:
    answer = await bulk(
        alice, "delete", calendar_name=work, title_contains=name, start_date="2027-05-11", end_date="2027-05-20", confirm=True
    )
    assert (answer["deleted_count"], answer["failed_count"]) == (2, 0)
    series = next(one for one in answer["results"] if one["uid"] == events[2])
    assert (series["occurrences"], series["status"]) == (["2027-05-12T10:00:00+00:00", "2027-05-19T10:00:00+00:00"], "deleted")
    assert await titles(alice, work, name) == ["0", "2"]


async def test_a_series_is_touched_as_one_only_when_that_is_said(alice: Assistant, work: str, events: list[str], name: str) -> None:
    answer = await bulk(alice, "delete", calendar_name=work, title_contains=f"{name} 2", confirm=True)
    assert (answer["deleted_count"], answer["failed_count"]) == (0, 1)
    assert "whole_series" in answer["results"][0]["error"]
    assert await titles(alice, work, name) == ["0", "1", "2", "2", "2"]
    answer = await bulk(alice, "delete", calendar_name=work, title_contains=f"{name} 2", whole_series=True, confirm=True)
    assert (answer["deleted_count"], answer["results"][0]["series"]) == (1, True)
    assert await titles(alice, work, name) == ["0", "1"]


async def test_an_update_changes_the_named_fields_alone(alice: Assistant, work: str, events: list[str], name: str) -> None:
    before = await get(alice, work, f"file of {events[0]}.ics")
    answer = await bulk(
        alice,
        "update",
        calendar_name=work,
        title_contains=name,
        start_date="2027-05-10",
        end_date="2027-05-12",
        new_location="Elsewhere",
        confirm=True,
    )
    assert (answer["updated_count"], answer["failed_count"]) == (3, 0)
    assert await get(alice, work, f"file of {events[0]}.ics") == before.replace("END:VEVENT", "LOCATION:Elsewhere\r\nEND:VEVENT")
    found = (await alice.call("nc_calendar_list_events", calendar_name=work, location_contains="elsewhere", title_contains=name, **MAY))[
        "events"
    ]
    assert [(row["uid"], row["start"][:10]) for row in found] == [
        (events[0], "2027-05-10"),
        (events[1], "2027-05-11"),
        (events[2], "2027-05-12"),
    ]


async def test_a_move_keeps_the_objects_as_they_are(alice: Assistant, work: str, other: str, events: list[str], name: str) -> None:
    before = [await get(alice, work, f"file of {uid}.ics") for uid in events]
    answer = await bulk(alice, "move", calendar_name=work, title_contains=name, target_calendar=other, whole_series=True, confirm=True)
    assert (answer["moved_count"], answer["failed_count"], answer["target_calendar"]) == (3, 0, other)
    assert {(one["from_calendar"], one["to_calendar"]) for one in answer["results"]} == {(work, other)}
    assert [await get(alice, other, f"file of {uid}.ics") for uid in events] == before
    assert await titles(alice, work, name) == []


async def test_a_move_onto_an_event_in_the_trash_says_so(alice: Assistant, work: str, other: str, events: list[str], name: str) -> None:
    await put(alice, other, f"{name}.ics", event(events[0], "DTSTART:20270510T100000Z", "SUMMARY:older"))
    await alice.call("nc_calendar_delete_event", calendar_name=other, event_uid=events[0])
    answer = await bulk(alice, "move", calendar_name=work, title_contains=f"{name} 0", target_calendar=other, confirm=True)
    assert (answer["moved_count"], answer["failed_count"]) == (0, 1)
    assert await titles(alice, work, name) == ["0", "1", "2", "2", "2"]
    assert events[0] in answer["results"][0]["error"]


async def test_a_move_to_a_calendar_that_is_not_there_changes_nothing(alice: Assistant, work: str, events: list[str], name: str) -> None:
    arguments = {"operation": "move", "calendar_name": work, "title_contains": name, "confirm": True}
    assert "not found" in await alice.error("nc_calendar_bulk_operations", **arguments, target_calendar=name)
    assert "does not accept events" in await alice.error("nc_calendar_bulk_operations", **arguments, target_calendar="contact_birthdays")
    assert await titles(alice, work, name) == ["0", "1", "2", "2", "2"]


async def test_another_persons_events_are_never_matched(alice: Assistant, bob: Assistant, events: list[str], name: str) -> None:
    answer = await bulk(bob, "delete", title_contains=name, whole_series=True, confirm=True)
    assert (answer["total_found"], answer["results"]) == (0, [])
