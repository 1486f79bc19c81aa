"""Tasks on a Nextcloud."""

from typing import Any

import pytest

from tests.support.assistant import Assistant
from tests.support.calendars import get, put, task, work, write_in_between

__all__ = ["work"]


async def create(person: Assistant, calendar: str, summary: str, **more: Any) -> dict[str, Any]:
    return await person.call("nc_calendar_create_todo", calendar_name=calendar, summary=summary, **more)


async def read(person: Assistant, calendar: str, uid: str) -> dict[str, Any]:
    page = await person.call("nc_calendar_list_todos", calendar_name=calendar, limit=500)
    return next(one for one in page["todos"] if one["uid"] == uid)


async def test_a_new_task_reads_back_with_every_field(alice: Assistant, work: str, name: str) -> None:
    made = await create(
        alice,
        work,
        name,
        description="two\nlines",
        status="in-process",
        priority=2,
        dtstart="2027-05-01T08:00:00Z",
        due="2027-05-02T08:00:00Z",
        categories="home, garden",
        reminders=[{"minutes_before": 10, "related": "END"}],
    )
    got = await read(alice, work, made["uid"])
    assert {key: got[key] for key in ("summary", "description", "status", "priority", "due", "dtstart", "categories", "recurring")} == {
        "summary": name,
        "description": "two\nlines",
        "status": "IN-PROCESS",
        "priority": 2,
        "due": "2027-05-02T08:00:00+00:00",
        "dtstart": "2027-05-01T08:00:00+00:00",
        "categories": "home, garden",
        "recurring": False,
    }
    assert got["reminders"] == [{"minutes_before": 10, "action": "DISPLAY", "related": "END", "description": name}]
    assert (got["etag"], got["href"], got["calendar_name"]) == (made["etag"], made["href"], work)


async def test_dates_stay_dates_and_both_sides_are_of_one_kind(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name, due="2027-05-02")
    assert (await read(alice, work, made["uid"]))["due"] == "2027-05-02"
    uid = {"calendar_name": work, "todo_uid": made["uid"]}
    assert "both" in await alice.error("nc_calendar_update_todo", **uid, dtstart="2027-05-01T08:00:00")
    assert "before" in await alice.error("nc_calendar_update_todo", **uid, dtstart="2027-05-03")
    await alice.call("nc_calendar_update_todo", **uid, due="")
    assert "due" not in await read(alice, work, made["uid"])


async def test_an_update_leaves_every_other_byte(alice: Assistant, work: str, name: str) -> None:
    text = task(
        name, "SUMMARY;LANGUAGE=de:Titel", "DUE:20270502T080000", "RELATED-TO:parent", "X-APPLE-SORT-ORDER:5", "X-OC-HIDESUBTASKS:1"
    )
    await put(alice, work, f"other-{name}.ics", text)
    await alice.call("nc_calendar_update_todo", calendar_name=work, todo_uid=name, priority=3)
    after = await get(alice, work, f"other-{name}.ics")
    assert after == text.replace("END:VTODO", "PRIORITY:3\r\nEND:VTODO")


async def test_filters_and_order(alice: Assistant, work: str, name: str) -> None:
    await create(alice, work, f"{name} late", priority=1, due="2027-06-02", categories="Garden")
    await create(alice, work, f"{name} soon", priority=5, due="2027-06-01")
    done = await create(alice, work, f"{name} done", priority=9)
    await alice.call("nc_calendar_complete_todo", calendar_name=work, todo_uid=done["uid"])

    async def found(**more: Any) -> list[str]:
        page = await alice.call("nc_calendar_search_todos", summary_contains=name, **more)
        assert page["total_count"] >= len(page["todos"])
        return [one["summary"].removeprefix(f"{name} ") for one in page["todos"]]

    assert await found() == ["soon", "late", "done"]
    assert await found(status="completed") == ["done"]
    assert await found(min_priority=5) == ["soon", "late"]
    assert await found(categories="gard") == ["late"]
    assert await found(limit=1) == ["soon"]
    assert "MAYBE" in await alice.error("nc_calendar_search_todos", status="MAYBE")


async def test_completing_sets_status_percent_and_time_and_reopening_takes_them_back(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name)
    uid = {"calendar_name": work, "todo_uid": made["uid"]}
    done = await alice.call("nc_calendar_complete_todo", **uid, completed="2027-01-05T10:00:00Z", etag=made["etag"])
    assert (done["status"], done["percent_complete"], done["completed"]) == ("COMPLETED", 100, "2027-01-05T10:00:00+00:00")
    assert "completed_occurrence" not in done
    await alice.call("nc_calendar_update_todo", **uid, status="NEEDS-ACTION")
    got = await read(alice, work, made["uid"])
    assert (got["status"], got["percent_complete"], got.get("completed")) == ("NEEDS-ACTION", 0, None)


async def test_a_recurring_task_moves_on_to_its_next_date(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name, dtstart="2026-01-05", due="2026-01-06", recurrence_rule="FREQ=WEEKLY;COUNT=3")
    got = await read(alice, work, made["uid"])
    assert (got["recurring"], got["recurrence_rule"], got["pending_count"]) == (True, "FREQ=WEEKLY;COUNT=3", 3)
    assert (got["oldest_pending_dtstart"], got["current_dtstart"], got["current_due"]) == ("2026-01-05", "2026-01-19", "2026-01-20")
    uid = {"calendar_name": work, "todo_uid": made["uid"]}
    first = await alice.call("nc_calendar_complete_todo", **uid)
    assert (first["completed_occurrence"], first["next_dtstart"], first["next_due"]) == ("2026-01-05", "2026-01-12", "2026-01-13")
    got = await read(alice, work, made["uid"])
    assert (got["status"], got["pending_count"], got["recurrence_rule"], got["due"]) == (
        "NEEDS-ACTION",
        2,
        "FREQ=WEEKLY;COUNT=2",
        "2026-01-13",
    )
    assert "RECURRENCE-ID;VALUE=DATE:20260105" in await get(alice, work, f"{made['uid']}.ics")
    await alice.call("nc_calendar_complete_todo", **uid)
    last = await alice.call("nc_calendar_complete_todo", **uid)
    assert (last["completed_occurrence"], last.get("next_due")) == ("2026-01-19", None)
    assert (await read(alice, work, made["uid"]))["status"] == "COMPLETED"
    assert "done already" in await alice.error("nc_calendar_complete_todo", **uid)


async def test_a_calendar_without_tasks_is_named_with_those_that_take_them(alice: Assistant, work: str, name: str) -> None:
    text = await alice.error("nc_calendar_create_todo", calendar_name="personal", summary=name)
    assert "does not accept tasks" in text
    assert work in text


async def test_a_stale_etag_changes_nothing_and_names_the_way_to_read_again(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name)
    uid = {"calendar_name": work, "todo_uid": made["uid"]}
    newer = await alice.call("nc_calendar_update_todo", **uid, summary=f"{name} newer", etag=made["etag"])
    for tool, more in (("update_todo", {"summary": "lost"}), ("complete_todo", {}), ("delete_todo", {})):
        text = await alice.error(f"nc_calendar_{tool}", **uid, etag=made["etag"], **more)
        assert "modified by someone else" in text
        assert "nc_calendar_list_todos" in text
        assert newer["etag"] in text
    assert (await read(alice, work, made["uid"]))["summary"] == f"{name} newer"


async def test_a_write_between_reading_and_writing_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, alice: Assistant, work: str, name: str
) -> None:
    made = await create(alice, work, name)
    uid = {"calendar_name": work, "todo_uid": made["uid"]}
    write_in_between(monkeypatch, alice, lambda: alice.call("nc_calendar_update_todo", **uid, description="theirs"))
    assert "modified by someone else" in await alice.error("nc_calendar_update_todo", **uid, summary="ours")
    got = await read(alice, work, made["uid"])
    assert (got["summary"], got["description"]) == (name, "theirs")


async def test_a_deleted_task_comes_back_from_the_trash(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name)
    uid = {"calendar_name": work, "todo_uid": made["uid"]}
    assert "nc_calendar_restore_event" in (await alice.call("nc_calendar_delete_todo", **uid))["message"]
    assert (await alice.call("nc_calendar_delete_todo", **uid))["status_code"] == 404
    await alice.call("nc_calendar_restore_event", uid=made["uid"])
    assert (await read(alice, work, made["uid"]))["summary"] == name


async def test_nobody_reads_or_changes_another_persons_tasks(alice: Assistant, bob: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name)
    assert "not found" in await bob.error("nc_calendar_list_todos", calendar_name=work)
    for tool, more in (("update_todo", {"summary": "mine"}), ("complete_todo", {}), ("delete_todo", {})):
        assert "not found" in await bob.error(f"nc_calendar_{tool}", calendar_name=work, todo_uid=made["uid"], **more)
    assert (await bob.call("nc_calendar_search_todos", summary_contains=name))["todos"] == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"due": "soon"}, "'soon'"),
        ({"priority": 10}, "10"),
        ({"status": "OPEN"}, "OPEN"),
        ({"recurrence_rule": "FREQ=DAILY"}, "due"),
        ({"summary": " "}, "summary"),
    ],
)
async def test_a_wrong_value_is_named_and_nothing_is_created(
    alice: Assistant, work: str, name: str, wrong: dict[str, Any], named: str
) -> None:
    assert named in await alice.error("nc_calendar_create_todo", **{"calendar_name": work, "summary": name, **wrong})
    assert (await alice.call("nc_calendar_search_todos", summary_contains=name))["todos"] == []
