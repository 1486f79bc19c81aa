"""Tasks that recur: where they stand, and completing them one by one."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.calendar import tasks
from nextcloud_mcp_server.apps.calendar.edit import Author
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject
from nextcloud_mcp_server.apps.calendar.tasks import TodoChanges
from nextcloud_mcp_server.core.errors import InvalidValue

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 5, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "utc_now", lambda: NOW)


def task(*lines: str, more: str = "") -> CalendarObject:
    body = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VTODO", "UID:u", "SUMMARY:s", *lines, "END:VTODO"])
    return CalendarObject.read(f"{body}\r\n{more}END:VCALENDAR\r\n", "VTODO")


def standing(stored: CalendarObject) -> tuple[object, ...]:
    shown = tasks.show(stored, BERLIN, "")
    return shown.pending_count, shown.oldest_pending_due, shown.current_due


WEEKLY = ("DTSTART;VALUE=DATE:20270503", "DUE;VALUE=DATE:20270504", "RRULE:FREQ=WEEKLY;COUNT=5")


def test_pending_are_those_that_are_due_until_now() -> None:
    assert standing(task(*WEEKLY)) == (3, "2027-05-04", "2027-05-18")
    assert standing(task(*WEEKLY, "EXDATE;VALUE=DATE:20270503")) == (2, "2027-05-11", "2027-05-18")
    assert standing(task("DUE:20270701T080000Z", "RRULE:FREQ=DAILY")) == (0, None, "2027-07-01T08:00:00+00:00")
    assert standing(task(*WEEKLY, "STATUS:COMPLETED")) == (0, None, None)


def test_occurrences_that_other_programs_completed_are_not_pending() -> None:
    dates = ("RECURRENCE-ID;VALUE=DATE:20270503", "DTSTART;VALUE=DATE:20270503", "DUE;VALUE=DATE:20270504")
    done = "\r\n".join(["BEGIN:VTODO", "UID:u", *dates, "STATUS:COMPLETED", "END:VTODO", ""])
    stored = task(*WEEKLY, more=done)
    assert standing(stored) == (2, "2027-05-11", "2027-05-18")
    _, current = tasks.complete(stored, None, BERLIN)
    assert current is not None
    assert current.recurrence_id == "2027-05-10"
    assert stored.main.text("DTSTART") == "20270517"
    assert stored.main.text("RRULE") == "FREQ=WEEKLY;COUNT=3"


@settings(max_examples=40)
@given(
    rule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=DAILY;INTERVAL=3", "FREQ=MONTHLY"]),
    count=st.integers(1, 5),
    start=st.sampled_from(["DTSTART:20270503T080000Z", "DTSTART;TZID=Europe/Berlin:20270503T080000", "DTSTART;VALUE=DATE:20270503", ""]),
)
def test_completing_goes_through_every_occurrence_once_and_ends(rule: str, count: int, start: str) -> None:
    due = start.replace("DTSTART", "DUE").replace("T08", "T09") if start else "DUE:20270503T080000Z"
    stored = task(*((start,) if start else ()), due, f"RRULE:{rule};COUNT={count}", "X-KEEP:1")
    expected = [one.recurrence_id for one in tasks.upcoming(stored, BERLIN)]
    seen: list[str | None] = []
    for _ in range(count):
        done, current = tasks.complete(stored, "2027-05-20T10:00:00", BERLIN)
        assert current is not None
        assert (done.text("STATUS"), done.text("PERCENT-COMPLETE"), done.text("COMPLETED")) == ("COMPLETED", "100", "20270520T080000Z")
        assert done.text("X-KEEP") == "1"
        seen.append(current.recurrence_id)
        stored = CalendarObject.read(str(stored), "VTODO")
    assert seen == expected
    assert len(seen) == count
    assert tasks.status_of(stored.main) == "COMPLETED"
    with pytest.raises(InvalidValue, match="done already"):
        tasks.complete(stored, None, BERLIN)


def test_times_without_offset_are_the_persons_own() -> None:
    stored = task()
    tasks.apply(stored, stored.main, TodoChanges(due="2027-05-04T10:00:00"), Author(BERLIN))
    assert "DUE;TZID=Europe/Berlin:20270504T100000" in str(stored)
    assert str(stored).count("BEGIN:VTIMEZONE") == 1


def test_reopening_keeps_a_given_percentage() -> None:
    stored = task("STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:20270101T000000Z")
    tasks.apply(stored, stored.main, TodoChanges(status="IN-PROCESS", percent_complete=40), Author(BERLIN))
    assert (stored.main.text("STATUS"), stored.main.text("PERCENT-COMPLETE"), stored.main.text("COMPLETED")) == ("IN-PROCESS", "40", None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (TodoChanges(due="2027-05-04", dtstart="2027-05-04T10:00:00"), "both"),
        (TodoChanges(due="2027-05-04", dtstart="2027-05-05"), "before"),
        (TodoChanges(recurrence_rule="FREQ=DAILY"), "due"),
        (TodoChanges(due="never"), "'never'"),
        (TodoChanges(status="COMPLETED", completed="yesterday"), "'yesterday'"),
    ],
)
def test_what_does_not_fit_is_said(changes: TodoChanges, said: str) -> None:
    stored = task()
    with pytest.raises(InvalidValue, match=said):
        tasks.apply(stored, stored.main, changes, Author(BERLIN))


@pytest.mark.parametrize(
    ("rule", "taken", "left"), [("FREQ=DAILY;COUNT=5", "20270504", 4), ("FREQ=WEEKLY;BYDAY=MO,TU;COUNT=4", "20270504", 3)]
)
def test_a_date_that_was_taken_out_counts_when_a_task_moves_on(rule: str, taken: str, left: int) -> None:
    stored = task("DUE;VALUE=DATE:20270503", f"RRULE:{rule}", f"EXDATE;VALUE=DATE:{taken}")
    expected = [one.recurrence_id for one in tasks.upcoming(stored, BERLIN)]
    assert len(expected) == left
    tasks.complete(stored, None, BERLIN)
    assert [one.recurrence_id for one in tasks.upcoming(stored, BERLIN)] == expected[1:]


def test_a_task_that_recurs_no_more_is_one_task() -> None:
    exception = "\r\n".join(["BEGIN:VTODO", "UID:u", "RECURRENCE-ID:20270505T080000Z", "DUE:20270505T090000Z", "END:VTODO", ""])
    stored = task("DUE:20270503T080000Z", "RRULE:FREQ=DAILY", "EXDATE:20270504T080000Z", "RDATE:20270601T080000Z", more=exception)
    tasks.apply(stored, stored.main, TodoChanges(recurrence_rule=""), Author(BERLIN))
    assert "".join(one.raw for one in stored.main.lines()) == "UID:u\r\nSUMMARY:s\r\nDUE:20270503T080000Z\r\n"
    assert (stored.recurring, str(stored).count("BEGIN:VTODO")) == (False, 1)
