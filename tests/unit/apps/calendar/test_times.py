# ruff: noqa: DTZ001 - wall clocks have no zone
"""Times: forms, ranges, zones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.calendar.objects import end_of
from nextcloud_mcp_server.apps.calendar.times import Moment, instant, parse, parse_span, read, shown, write
from nextcloud_mcp_server.apps.calendar.zones import Zones, definition, known_zone
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Line, component

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Asia/Tehran",
]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("DTSTART:20270504T100000Z", "2027-05-04T10:00:00+00:00"),
        ("DTSTART;TZID=Europe/Berlin:20270504T100000", "2027-05-04T10:00:00+02:00"),
        ("DTSTART;TZID=/vendor.example/20070129/Europe/Berlin:20270504T100000", "2027-05-04T10:00:00+02:00"),
        ("DTSTART;TZID=W. Europe Standard Time:20271204T100000", "2027-12-04T10:00:00+01:00"),
        ("DTSTART;TZID=Nowhere:20270504T100000", "2027-05-04T10:00:00"),
        ("DTSTART:20270504T100000", "2027-05-04T10:00:00"),
        ("DTSTART;VALUE=DATE:20270504", "2027-05-04"),
    ],
)
def test_each_form_is_shown_and_written_as_it_is(raw: str, text: str) -> None:
    moment = read(Line(f"{raw}\r\n"))
    assert moment is not None
    assert shown(moment, Zones()) == text
    assert write("DTSTART", moment).raw == f"{raw}\r\n"


@pytest.mark.parametrize("raw", ["DTSTART:", "DTSTART:tomorrow", "DTSTART:20271340", "DTSTART:20270504T996000", "DTSTART:2027-05-04"])
def test_what_is_no_time_is_none(raw: str) -> None:
    assert read(Line(f"{raw}\r\n")) is None


def test_a_naive_time_takes_the_zone_given_else_the_form_stored() -> None:
    stored = Moment(datetime(2027, 5, 4, 10), "Europe/Berlin")
    assert parse("2027-05-05T09:00", "x", form=stored) == Moment(datetime(2027, 5, 5, 9), "Europe/Berlin")
    assert parse("2027-05-05T09:00", "x", "America/New_York", stored).tzid == "America/New_York"
    assert parse("2027-05-05T09:00", "x", "utc").tzid == "Z"
    assert parse("2027-05-05T09:00-04:00", "x", "Europe/Berlin") == Moment(datetime(2027, 5, 5, 13), "Z")
    assert parse("2027-05-05", "x", "Europe/Berlin", stored).all_day


@pytest.mark.parametrize("text", ["2027-05-05", "20270505", " 2027-05-05 "])
def test_a_date_alone_is_a_whole_day_however_it_is_written(text: str) -> None:
    assert parse(text, "x") == Moment(date(2027, 5, 5))


@pytest.mark.parametrize(("length", "end"), [("P1D", "2027-03-28T12:00:00+02:00"), ("PT24H", "2027-03-28T13:00:00+02:00")])
def test_a_day_lasts_until_the_same_time_and_24_hours_last_24_hours_when_clocks_change(length: str, end: str) -> None:
    item = component("VEVENT", Line("DTSTART;TZID=Europe/Berlin:20270327T120000\r\n"), Line(f"DURATION:{length}\r\n"))
    assert shown(end_of(item, Zones()), Zones()) == end


@pytest.mark.parametrize("text", ["", "2027-02-30", "05/04/2027", "10:00", "2027-05-04T25:00"])
def test_a_wrong_time_is_named(text: str) -> None:
    with pytest.raises(InvalidValue, match="start_datetime"):
        parse(text, "start_datetime")


def test_a_range_of_dates_is_whole_days_of_the_person() -> None:
    span = parse_span("2027-03-28", "2027-03-28", BERLIN)
    assert (span.start, span.end) == (datetime(2027, 3, 27, 23, tzinfo=UTC), datetime(2027, 3, 28, 22, tzinfo=UTC))
    assert span.start is not None
    assert span.overlaps(span.start - timedelta(hours=1), span.start + timedelta(seconds=1))
    assert not span.overlaps(span.start - timedelta(hours=1), span.start)
    assert span.overlaps(span.start, span.start)


def test_an_open_range_has_no_bound() -> None:
    point = datetime(1990, 1, 1, tzinfo=UTC)
    assert parse_span(None, None, BERLIN).overlaps(point, point)
    assert parse_span(None, "1990-01-01", BERLIN).overlaps(point, point)
    assert not parse_span("1990-01-02", None, BERLIN).overlaps(point, point)


@given(name=st.sampled_from(NAMES), day=st.integers(0, 364), hour=st.integers(0, 23))
def test_a_written_zone_means_what_the_database_says(name: str, day: int, hour: int) -> None:
    made = definition(name, datetime(2026, 1, 1), 1)
    calendar = component("VCALENDAR", made)
    for one in made.lines("TZID"):
        made.put(one.with_value("Private"))
    zone = Zones(calendar).find("Private")
    point = datetime(2026, 1, 1, hour, 30, tzinfo=UTC) + timedelta(days=day)
    local = point.astimezone(ZoneInfo(name)).replace(tzinfo=None)
    if local.replace(tzinfo=ZoneInfo(name), fold=0).utcoffset() == local.replace(tzinfo=ZoneInfo(name), fold=1).utcoffset():
        assert zone is not None
        assert local.replace(tzinfo=zone).utcoffset() == local.replace(tzinfo=ZoneInfo(name)).utcoffset()


def test_names_that_are_no_zone_are_unknown() -> None:
    assert [known_zone(name) for name in ("", "Europe", "../etc/passwd", "/etc/localtime", "Mars/Olympus")] == [None] * 5


def test_floating_times_are_read_where_the_person_is() -> None:
    moment = Moment(datetime(2027, 5, 4, 10))
    assert instant(moment, Zones(), BERLIN) == datetime(2027, 5, 4, 8, tzinfo=UTC)
