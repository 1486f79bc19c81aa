"""Events and tasks that somebody else changes while a tool is at work."""

import pytest

from tests.support.assistant import Assistant
from tests.support.calendars import event, get, put, task, work, write_in_between

__all__ = ["work"]
TIMES = ("DTSTART:20270504T100000Z", "DTEND:20270504T110000Z")


async def test_an_event_that_changed_after_it_was_read_is_not_deleted(
    alice: Assistant, work: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = event(name, *TIMES, "SUMMARY:theirs")
    await put(alice, work, f"{name}.ics", event(name, *TIMES, "SUMMARY:ours"))
    write_in_between(monkeypatch, alice, lambda: put(alice, work, f"{name}.ics", theirs), "DELETE")
    said = await alice.error("nc_calendar_delete_event", calendar_name=work, event_uid=name)
    assert "modified by someone else" in said
    assert "nc_calendar_get_event" in said
    assert await get(alice, work, f"{name}.ics") == theirs


@pytest.mark.parametrize(
    ("tool", "more"), [("nc_calendar_update_event", {"title": "late"}), ("nc_calendar_delete_event", {})], ids=["update", "delete"]
)
async def test_an_occurrence_is_not_changed_in_a_series_that_changed(
    alice: Assistant, work: str, name: str, monkeypatch: pytest.MonkeyPatch, tool: str, more: dict[str, str]
) -> None:
    theirs = event(name, *TIMES, "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:theirs")
    await put(alice, work, f"{name}.ics", event(name, *TIMES, "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY:ours"))
    write_in_between(monkeypatch, alice, lambda: put(alice, work, f"{name}.ics", theirs))
    said = await alice.error(tool, calendar_name=work, event_uid=name, occurrence="2027-05-05", **more)
    assert "modified by someone else" in said
    assert await get(alice, work, f"{name}.ics") == theirs


async def test_a_task_that_somebody_reopens_in_between_is_not_completed(
    alice: Assistant, work: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = task(name, "DUE:20270601T100000Z", "SUMMARY:x", "STATUS:IN-PROCESS")
    await put(alice, work, f"{name}.ics", task(name, "DUE:20270504T100000Z", "SUMMARY:x"))
    write_in_between(monkeypatch, alice, lambda: put(alice, work, f"{name}.ics", theirs))
    said = await alice.error("nc_calendar_complete_todo", calendar_name=work, todo_uid=name)
    assert "modified by someone else" in said
    assert await get(alice, work, f"{name}.ics") == theirs


async def test_a_bulk_operation_leaves_what_changed_meanwhile_and_does_the_rest(
    alice: Assistant, work: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = event(f"{name}-1", *TIMES, f"SUMMARY:{name} theirs")
    for number in (1, 2):
        await put(alice, work, f"{name}-{number}.ics", event(f"{name}-{number}", *TIMES, f"SUMMARY:{name}"))
    write_in_between(monkeypatch, alice, lambda: put(alice, work, f"{name}-1.ics", theirs))
    done = await alice.call(
        "nc_calendar_bulk_operations", operation="update", calendar_name=work, title_contains=name, new_location="Room", confirm=True
    )
    assert (done["updated_count"], done["failed_count"]) == (1, 1)
    assert {one["uid"]: one["status"] for one in done["results"]} == {f"{name}-1": "failed", f"{name}-2": "updated"}
    assert await get(alice, work, f"{name}-1.ics") == theirs
    assert "LOCATION:Room" in await get(alice, work, f"{name}-2.ics")


async def test_a_bulk_update_stays_in_the_calendar_that_is_named(alice: Assistant, work: str, name: str) -> None:
    await put(alice, work, f"{name}.ics", event(name, *TIMES, f"SUMMARY:{name}"))
    done = await alice.call(
        "nc_calendar_bulk_operations", operation="update", calendar_name="personal", title_contains=name, new_title="x", confirm=True
    )
    assert (done["total_found"], done["updated_count"]) == (0, 0)
    assert f"SUMMARY:{name}" in await get(alice, work, f"{name}.ics")


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', "{}-gzip", "{}", "*"])
async def test_an_etag_is_taken_in_every_form_a_proxy_makes_of_it(alice: Assistant, work: str, name: str, form: str) -> None:
    await put(alice, work, f"{name}.ics", event(name, *TIMES, "SUMMARY:x"))
    read = await alice.call("nc_calendar_get_event", calendar_name=work, event_uid=name)
    etag = form.format(read["etag"])
    saved = await alice.call("nc_calendar_update_event", calendar_name=work, event_uid=name, title="y", etag=etag)
    assert saved["etag"] != read["etag"]
    gone = await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=name, etag=form.format(saved["etag"]))
    assert gone["status_code"] == 204


async def test_one_attendee_reads_back_as_one_address(alice: Assistant, work: str, name: str) -> None:
    await put(alice, work, f"{name}.ics", event(name, *TIMES, "SUMMARY:x", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:guest@example.net"))
    read = await alice.call("nc_calendar_get_event", calendar_name=work, event_uid=name)
    assert (read["attendees"], read["attendee_status"]) == ("guest@example.net", {"guest@example.net": "ACCEPTED"})
    await alice.call("nc_calendar_update_event", calendar_name=work, event_uid=name, title="y")
    assert "ATTENDEE;PARTSTAT=ACCEPTED:mailto:guest@example.net" in await get(alice, work, f"{name}.ics")
