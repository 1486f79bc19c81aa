"""A series whose start goes to another day: its rule, and what was taken out of it, go along."""

from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.calendar import tasks
from nextcloud_mcp_server.apps.calendar.edit import Author, EventChanges, apply
from nextcloud_mcp_server.apps.calendar.exceptions import exclude
from nextcloud_mcp_server.apps.calendar.expansion import occurrence_of, upcoming
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject
from nextcloud_mcp_server.apps.calendar.tasks import TodoChanges
from nextcloud_mcp_server.core.errors import InvalidValue

BERLIN = ZoneInfo("Europe/Berlin")
ZONED = "DTSTART;TZID=Europe/Berlin:"


def series(*lines: str, kind: str = "VEVENT") -> CalendarObject:
    text = "\r\n".join(["BEGIN:VCALENDAR", f"BEGIN:{kind}", "UID:u", *lines, f"END:{kind}", "END:VCALENDAR", ""])
    return CalendarObject.read(text, "VTODO" if kind == "VTODO" else "VEVENT")


def days(stored: CalendarObject) -> list[str]:
    return [f"{one.start.clock:%m-%d}" for one in islice(upcoming(stored, BERLIN), 6)]


def move(stored: CalendarObject, start: str, **more: str) -> None:
    apply(stored, stored.main, EventChanges(start_datetime=start, **more), Author(BERLIN))


@pytest.mark.parametrize(
    ("rule", "start", "moved", "following"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", "2027-05-04", "FREQ=WEEKLY;BYDAY=TU", ["05-04", "05-11", "05-18"]),
        ("FREQ=WEEKLY;BYDAY=MO,SA", "2027-05-04", "FREQ=WEEKLY;BYDAY=TU,SU", ["05-04", "05-09", "05-11"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2027-05-06", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", ["05-06", "05-20", "06-03"]),
        ("FREQ=MONTHLY;BYMONTHDAY=3", "2027-05-05", "FREQ=MONTHLY;BYMONTHDAY=5", ["05-05", "06-05", "07-05"]),
        ("FREQ=MONTHLY;BYDAY=1MO", "2027-05-12", "FREQ=MONTHLY;BYDAY=2WE", ["05-12", "06-09", "07-14"]),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "2027-05-12", "FREQ=MONTHLY;BYDAY=WE;BYSETPOS=2", ["05-12", "06-09", "07-14"]),
        ("FREQ=MONTHLY;BYDAY=-5MO", "2027-05-25", "FREQ=MONTHLY;BYDAY=-1TU", ["05-25", "06-29", "07-27"]),
        ("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3", "2027-06-04", "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=4", ["06-04", "06-04", "06-04"]),
    ],
)
def test_the_days_a_rule_names_move_with_its_start(rule: str, start: str, moved: str, following: list[str]) -> None:
    stored = series("DTSTART;VALUE=DATE:20270503", f"RRULE:{rule}")
    move(stored, start)
    assert stored.main.text("RRULE") == moved
    assert days(stored)[:3] == following


def test_a_cancelled_date_of_a_moved_series_stays_cancelled() -> None:
    stored = series(f"{ZONED}20270503T233000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4", "EXDATE;TZID=Europe/Berlin:20270510T233000")
    move(stored, "2027-05-04T00:30:00")
    assert days(stored) == ["05-04", "05-18", "05-25"]


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"])
def test_a_series_that_begins_later_on_one_of_its_days_keeps_its_days(rule: str) -> None:
    stored = series(f"{ZONED}20270503T100000", f"RRULE:{rule}", "EXDATE;TZID=Europe/Berlin:20270506T100000")
    move(stored, "2027-05-04T11:00:00")
    assert stored.main.text("RRULE") == rule
    assert days(stored) == ["05-04", "05-05", "05-07", "05-10", "05-11", "05-12"]


def test_another_phase_of_an_interval_is_a_move_of_all() -> None:
    stored = series(f"{ZONED}20270503T100000", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "EXDATE;TZID=Europe/Berlin:20270517T100000")
    move(stored, "2027-05-10T10:00:00")
    assert days(stored)[:3] == ["05-10", "06-07", "06-21"]


@pytest.mark.parametrize("rule", ["FREQ=MONTHLY;BYMONTHDAY=3,17", "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1", "FREQ=YEARLY;BYYEARDAY=123"])
def test_a_rule_that_cannot_follow_asks_for_the_new_one(rule: str) -> None:
    stored = series("DTSTART;VALUE=DATE:20270503", f"RRULE:{rule}")
    before = str(stored)
    with pytest.raises(InvalidValue, match="recurrence_rule"):
        move(CalendarObject.read(before, "VEVENT"), "2027-05-04")
    move(stored, "2027-05-04", recurrence_rule="FREQ=DAILY;COUNT=2")
    assert days(stored) == ["05-04", "05-05"]


def test_a_task_takes_the_days_of_its_rule_along() -> None:
    stored = series("DUE;VALUE=DATE:20270503", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3", kind="VTODO")
    tasks.apply(stored, stored.main, TodoChanges(due="2027-05-05"), Author(BERLIN))
    assert days(stored) == ["05-05", "05-12", "05-19"]


@settings(max_examples=60, deadline=None)
@given(
    rule=st.sampled_from(
        ["FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO,WE,SU;INTERVAL=3", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYMONTHDAY=3"]
    ),
    later=st.integers(-20, 20),
    taken=st.integers(1, 3),
)
def test_a_moved_series_begins_at_its_start_and_has_as_many_dates_as_before(rule: str, later: int, taken: int) -> None:
    stored = series(f"{ZONED}20270503T100000", f"RRULE:{rule};COUNT=6")
    start = next(upcoming(stored, BERLIN)).start.plus(timedelta(days=later))
    move(stored, start.wall.isoformat())
    every = [one.start for one in upcoming(stored, BERLIN)]
    assert (every[0], len(every)) == (start, 6)
    assert exclude(occurrence_of(stored, every[taken].wall.isoformat(), BERLIN))
    again = start.plus(timedelta(days=7))
    move(stored, again.wall.isoformat())
    assert len(list(upcoming(stored, BERLIN))) == 5


@pytest.mark.parametrize("length", [(), ("DURATION:P2D",)])
def test_an_all_day_event_without_a_written_end_keeps_its_length_when_it_moves(length: tuple[str, ...]) -> None:
    for day in ("2027-04-20", "2027-05-20"):
        stored = series("DTSTART;VALUE=DATE:20270504", *length)
        move(stored, day)
        assert [one.raw for one in stored.main.lines()][1:] == [
            f"DTSTART;VALUE=DATE:{day.replace('-', '')}\r\n",
            *(f"{one}\r\n" for one in length),
        ]


def override(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", "UID:u", *lines, "END:VEVENT"])


def test_an_exception_follows_its_series_unless_it_had_been_moved_by_itself() -> None:
    plain = override(
        f"RECURRENCE-ID{ZONED[7:]}20270510T100000", f"{ZONED}20270510T100000", "DTEND;TZID=Europe/Berlin:20270510T123000", "SUMMARY:p"
    )
    moved = override(f"RECURRENCE-ID{ZONED[7:]}20270517T100000", f"{ZONED}20270519T080000", "SUMMARY:m")
    later = override(f"RECURRENCE-ID;RANGE=THISANDFUTURE{ZONED[7:]}20270524T100000", f"{ZONED}20270524T100000", "SUMMARY:l")
    master = override(f"{ZONED}20270503T100000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5")
    text = "\r\n".join(["BEGIN:VCALENDAR", master, plain, moved, later, "END:VCALENDAR", ""])
    stored = CalendarObject.read(text, "VEVENT")
    move(stored, "2027-05-04T11:00:00")
    told = {item.text("SUMMARY"): [item.text(name) for name in ("RECURRENCE-ID", "DTSTART", "DTEND")] for item in stored.overrides}
    assert told == {
        "p": ["20270511T110000", "20270511T110000", "20270511T133000"],
        "m": ["20270518T110000", "20270519T080000", None],
        "l": ["20270525T110000", "20270525T110000", None],
    }
    kept = stored.overrides[-1].first("RECURRENCE-ID")
    assert kept is not None
    assert (kept.parameter("RANGE"), kept.parameter("TZID")) == ("THISANDFUTURE", "Europe/Berlin")


def test_extra_dates_and_periods_of_a_moved_series_stay_readable() -> None:
    stored = series(
        f"{ZONED}20270503T100000",
        "RRULE:FREQ=DAILY;COUNT=2",
        "RDATE;TZID=Europe/Berlin:20270601T100000,20270602T100000",
        "RDATE;VALUE=PERIOD:20270701T080000Z/PT3H",
    )
    move(stored, "2027-05-03T12:00:00")
    assert [one.value for one in stored.main.lines("RDATE")] == ["20270601T120000,20270602T120000", "20270701T080000Z/PT3H"]
