"""Rules and occurrences."""

from datetime import UTC, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.calendar.edit import Author, EventChanges, apply
from nextcloud_mcp_server.apps.calendar.exceptions import exception_for, exclude
from nextcloud_mcp_server.apps.calendar.expansion import occurrence_of, occurrences, upcoming
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject
from nextcloud_mcp_server.apps.calendar.rules import bounded, checked, end_shown
from nextcloud_mcp_server.apps.calendar.times import Moment, parse, parse_span, shown
from nextcloud_mcp_server.apps.calendar.zones import Zones
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound

BERLIN = ZoneInfo("Europe/Berlin")


def series(*lines: str, more: str = "") -> CalendarObject:
    body = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:u", "SUMMARY:s", *lines, "END:VEVENT"])
    return CalendarObject.read(f"{body}\r\n{more}END:VCALENDAR\r\n", "VEVENT")


def starts(stored: CalendarObject, first: str = "2027-01-01", last: str = "2027-12-31") -> list[str | None]:
    return [shown(one.start, stored.zones) for one in occurrences(stored, parse_span(first, last, BERLIN), BERLIN)]


@pytest.mark.parametrize(
    ("begin", "end", "rule"),
    [
        ("2027-05-04", "2027-05-10", "FREQ=DAILY;UNTIL=20270510"),
        ("2027-05-04T10:00:00", "2027-05-10", "FREQ=DAILY;UNTIL=20270510T235959"),
        ("2027-05-04T10:00:00Z", "2027-05-10", "FREQ=DAILY;UNTIL=20270510T235959Z"),
        ("2027-05-04T10:00:00 Europe/Berlin", "2027-05-10", "FREQ=DAILY;UNTIL=20270510T215959Z"),
        ("2027-05-04T10:00:00 Europe/Berlin", "2027-05-10T10:00:00", "FREQ=DAILY;UNTIL=20270510T080000Z"),
        ("2027-05-04T10:00:00 Europe/Berlin", "2027-05-10T10:00:00-04:00", "FREQ=DAILY;UNTIL=20270510T140000Z"),
        ("2027-05-04", "2027-05-10T10:00:00Z", "FREQ=DAILY;UNTIL=20270510"),
        ("2027-05-04", "", "FREQ=DAILY"),
    ],
)
def test_a_bound_is_in_the_kind_and_zone_of_the_start(begin: str, end: str, rule: str) -> None:
    text, _, zone = begin.partition(" ")
    start = parse(text, "start", zone or None)
    assert bounded("FREQ=DAILY;COUNT=3", end, start, Zones(), BERLIN) == rule
    if end and "T" not in end:
        assert end_shown(rule, start, Zones(), BERLIN) == end


def test_a_given_until_is_brought_into_the_kind_of_the_start() -> None:
    zoned = parse("2027-05-04T10:00:00", "x", "Europe/Berlin")
    assert checked("RRULE:freq=daily;until=20270510", zoned, Zones(), BERLIN) == "FREQ=DAILY;UNTIL=20270510T215959Z"
    assert checked("FREQ=DAILY;UNTIL=20270510T215959Z", Moment(zoned.day), Zones(), BERLIN) == "FREQ=DAILY;UNTIL=20270510"


@pytest.mark.parametrize(
    "rule",
    [
        "DAILY",
        "FREQ=FORTNIGHTLY",
        "FREQ=DAILY;COUNT=x",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;COUNT=1;UNTIL=20270101",
        "FREQ=",
    ],
)
def test_a_rule_that_is_none_is_named(rule: str) -> None:
    with pytest.raises(InvalidValue, match=rule):
        checked(rule, parse("2027-05-04T10:00:00Z", "x"), Zones(), BERLIN)


def test_an_open_range_shows_a_series_once() -> None:
    stored = series("DTSTART:20270504T100000Z", "RRULE:FREQ=DAILY")
    assert len(occurrences(stored, parse_span(None, "2027-12-31", BERLIN), BERLIN)) == 1


def test_dates_exclusions_and_extra_dates_of_every_form_are_honoured() -> None:
    stored = series(
        "DTSTART;TZID=Europe/Berlin:20270504T100000",
        "DTEND;TZID=Europe/Berlin:20270504T110000",
        "RRULE:FREQ=DAILY;COUNT=5",
        "EXDATE:20270505T080000Z",
        "EXDATE;VALUE=DATE:20270506",
        "RDATE;TZID=America/New_York:20270601T040000,20270602T040000",
        "RDATE;VALUE=PERIOD:20270701T080000Z/PT3H",
    )
    assert [text[:16] for text in starts(stored) if text] == [
        "2027-05-04T10:00",
        "2027-05-07T10:00",
        "2027-05-08T10:00",
        "2027-06-01T10:00",
        "2027-06-02T10:00",
        "2027-07-01T10:00",
    ]


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=1", "FREQ=NEVER", "garbage", "FREQ=DAILY;UNTIL=never"])
def test_a_stored_rule_that_cannot_be_expanded_shows_the_series(rule: str) -> None:
    stored = series("DTSTART:20270504T100000Z", "DTEND:20270504T110000Z", f"RRULE:{rule}")
    assert starts(stored)[:1] == ["2027-05-04T10:00:00+00:00"]
    assert len(starts(stored)) == 1


def test_exceptions_without_their_series_are_what_they_are() -> None:
    stored = series("DTSTART:20270504T100000Z", "RECURRENCE-ID:20270503T100000Z")
    assert starts(stored) == ["2027-05-04T10:00:00+00:00"]
    assert occurrence_of(stored, "2027-05-03", BERLIN).item is stored.items[0]
    assert exclude(occurrence_of(stored, "2027-05-03", BERLIN)) is False


def test_an_exception_for_all_later_ones_is_not_changed_by_a_change_of_one() -> None:
    lines = ("RECURRENCE-ID;RANGE=THISANDFUTURE:20270506T100000Z", "DTSTART:20270506T120000Z", "DTEND:20270506T130000Z")
    later = "\r\n".join(["BEGIN:VEVENT", "UID:u", "SUMMARY:later", *lines, "END:VEVENT", ""])
    stored = series("DTSTART:20270504T100000Z", "DTEND:20270504T110000Z", "RRULE:FREQ=DAILY;COUNT=5", more=later)
    before = [str(item) for item in stored.items]
    made = exception_for(occurrence_of(stored, "2027-05-07T10:00:00Z", BERLIN))
    apply(stored, made, EventChanges(title="one"), Author(BERLIN))
    assert [str(item) for item in stored.items][:2] == before
    assert made.text("SUMMARY") == "one"


def test_nothing_that_does_not_recur_has_an_occurrence() -> None:
    with pytest.raises(NotFound, match="does not recur"):
        occurrence_of(series("DTSTART:20270504T100000Z"), "2027-05-04", BERLIN)


def test_an_event_without_a_start_is_in_no_listing() -> None:
    assert starts(series("X-A:1")) == []


@settings(max_examples=50)
@given(
    freq=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
    count=st.integers(1, 12),
    interval=st.integers(1, 3),
    tz=st.sampled_from(["", ";TZID=Europe/Berlin", "Z", ";VALUE=DATE"]),
    hours=st.integers(-30, 30),
)
def test_moving_a_series_moves_every_occurrence_and_what_was_taken_out_stays_out(
    freq: str, count: int, interval: int, tz: str, hours: int
) -> None:
    value = "20270310" if "DATE" in tz else f"20270310T100000{'Z' if tz == 'Z' else ''}"
    stored = series(f"DTSTART{'' if tz == 'Z' else tz}:{value}", f"RRULE:FREQ={freq};INTERVAL={interval};COUNT={count}")
    every = [one.start for one in islice(upcoming(stored, UTC), 20)]
    assert len(every) == count
    if count > 2:
        assert exclude(occurrence_of(stored, shown(every[1], stored.zones) or "", UTC))
    shift = timedelta(days=1) if "DATE" in tz else timedelta(hours=hours)
    target = every[0].plus(shift)
    end = target.plus(timedelta(days=1) if "DATE" in tz else timedelta(hours=1))
    changes = EventChanges(start_datetime=target.wall.isoformat(), end_datetime=end.wall.isoformat())
    apply(stored, stored.main, changes, Author(UTC))
    moved = [one.start for one in islice(upcoming(stored, UTC), 20)]
    if freq != "MONTHLY":
        kept = [one for number, one in enumerate(every) if number != 1 or count <= 2]
        assert moved == [one.plus(shift) for one in kept]
    else:
        assert len(moved) == (count - 1 if count > 2 else count)
