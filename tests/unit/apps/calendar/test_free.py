"""Free times from busy ones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.calendar.free import Wanted, parse_windows, reported_busy, slots
from nextcloud_mcp_server.apps.calendar.times import Span, parse_span
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import parse

BERLIN = ZoneInfo("Europe/Berlin")
DAY = parse_span("2027-05-04", "2027-05-04", BERLIN)
HALF_HOUR = timedelta(minutes=30)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 5, 4, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def found(*busy: tuple[datetime, datetime], windows: str = "09:00-17:00", length: timedelta = HALF_HOUR, span: Span = DAY) -> list[str]:
    every = slots(busy, span, Wanted(length, parse_windows(windows), weekends=True), BERLIN)
    return [f"{one.start[11:16]}-{one.end[11:16]}" for one in every]


def test_gaps_are_whole_and_at_least_as_long_as_asked() -> None:
    assert found() == ["09:00-17:00"]
    assert found((at(10), at(11)), (at(10, 30), at(12)), (at(12, 20), at(16, 30))) == ["09:00-10:00", "16:30-17:00"]
    assert found((at(8), at(18))) == []
    assert found((at(10), at(10)), windows="09:00-10:15,10:00-11:00") == ["09:00-10:15", "10:00-11:00"]


def test_a_day_of_23_hours_is_as_long_as_it_is() -> None:
    span = parse_span("2027-03-28", "2027-03-28", BERLIN)
    every = slots([], span, Wanted(HALF_HOUR, parse_windows("0:00-24:00"), weekends=True), BERLIN)
    assert [one.duration_minutes for one in every] == [23 * 60]


@pytest.mark.parametrize("text", ["9", "9-17", "09:00-25:00", "10:00-09:00", "09:61-10:00", "09:00–10:00"])
def test_a_window_that_is_none_is_named(text: str) -> None:
    with pytest.raises(InvalidValue, match="preferred_times"):
        parse_windows(text)


def test_reported_stretches_come_as_periods_with_end_or_length() -> None:
    text = (
        "BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nFREEBUSY:20270504T080000Z/20270504T090000Z,20270504T100000Z/PT30M\r\n"
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270504T110000Z/PT1H\r\nFREEBUSY;FBTYPE=FREE:20270504T130000Z/PT1H\r\nFREEBUSY:x/y\r\n"
        "END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    )
    assert [(start.hour, (end - start).seconds // 60) for start, end in reported_busy(parse(text, "x"))] == [(8, 60), (10, 30), (11, 60)]


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 300)), max_size=12), st.integers(1, 240))
def test_a_minute_is_free_exactly_if_nothing_is_on_and_the_gap_is_long_enough(given_busy: list[tuple[int, int]], length: int) -> None:
    busy = [(at(0) + timedelta(minutes=start), at(0) + timedelta(minutes=start + lasts)) for start, lasts in given_busy]
    taken = {minute for start, lasts in given_busy for minute in range(start, start + lasts)}
    every = slots(busy, DAY, Wanted(timedelta(minutes=length), parse_windows("09:00-17:00"), weekends=True), BERLIN)
    shown: set[int] = set()
    for one in every:
        start = int((datetime.fromisoformat(one.start) - at(0)).total_seconds() // 60)
        assert one.duration_minutes >= length
        shown |= set(range(start, start + one.duration_minutes))
    assert not shown & taken
    missing = sorted(set(range(540, 1020)) - taken - shown)
    runs = [number for number, minute in enumerate(missing) if number == 0 or missing[number - 1] != minute - 1]
    assert all(end - begin < length for begin, end in zip(runs, [*runs[1:], len(missing)], strict=False))
