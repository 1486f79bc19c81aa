"""Filters, time ranges, recurrence, expansion and free-busy on stored objects, without HTTP."""

from xml.etree import ElementTree

import pytest

from nextcloud_sandbox.areas.caldav.output import busy, expand, export, free_busy
from nextcloud_sandbox.areas.caldav.query import matches, parse_filter, parse_search
from nextcloud_sandbox.areas.caldav.times import find_zone, occurrences, read_duration, read_range, stamp
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.store import Item
from nextcloud_sandbox.groupware.vobject import parse
from tests.sandbox.dav_client import calendar, event, wrap

BERLIN = "TZID=Europe/Berlin"
SERIES = [f"UID:s\r\nDTSTART;{BERLIN}:20261210T090000", f"DTEND;{BERLIN}:20261210T093000", "SUMMARY:Series", "RRULE:FREQ=DAILY;COUNT=5"]


def item(text: str, kind: str = "VEVENT") -> Item:
    return Item(1, "x.ics", text.encode(), 0, "x", kind)


def series(*more: str, exceptions: tuple[str, ...] = ()) -> Item:
    text = calendar(*SERIES, *more)
    for exception in exceptions:
        text = text.replace(
            "END:VCALENDAR", f"BEGIN:VEVENT\r\nDTSTAMP:20261101T000000Z\r\nUID:s\r\n{exception}\r\nEND:VEVENT\r\nEND:VCALENDAR"
        )
    return item(text)


MOVED = f"RECURRENCE-ID;{BERLIN}:20261212T090000\r\nDTSTART;{BERLIN}:20261220T150000\r\nDTEND;{BERLIN}:20261220T160000\r\nSUMMARY:Moved"


def holds(found: Item, filters: str) -> bool:
    root = wrap("c:calendar-query", f'<c:filter><c:comp-filter name="VCALENDAR">{filters}</c:comp-filter></c:filter>')
    return matches(found, parse_filter(ElementTree.fromstring(root)))


def in_range(found: Item, start: str, end: str, kind: str = "VEVENT") -> bool:
    return holds(found, f'<c:comp-filter name="{kind}"><c:time-range start="{start}" end="{end}"/></c:comp-filter>')


def starts(found: Item, start: str, end: str) -> list[str]:
    return [stamp(occurrence.start) for occurrence in occurrences(found, read_range(start, end))]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("20261201T103000Z", "20261201T104500Z", True),
        ("20261201T110000Z", "20261201T120000Z", False),
        ("20261201T090000Z", "20261201T100000Z", False),
        ("20261130T000000Z", "20261202T000000Z", True),
    ],
)
def test_an_event_matches_when_it_overlaps_the_range(start: str, end: str, expected: bool) -> None:
    assert in_range(item(event("a")), start, end) is expected


def test_an_event_without_length_matches_at_its_moment() -> None:
    found = item(calendar("UID:a", "DTSTART:20261201T100000Z"))
    assert in_range(found, "20261201T100000Z", "20261201T100100Z")
    assert not in_range(found, "20261201T100001Z", "20261201T110000Z")


def test_an_all_day_event_ends_before_its_exclusive_end() -> None:
    found = item(calendar("UID:a", "DTSTART;VALUE=DATE:20261205", "DTEND;VALUE=DATE:20261207"))
    assert in_range(found, "20261206T230000Z", "20261206T233000Z")
    assert not in_range(found, "20261207T000000Z", "20261208T000000Z")


def test_a_local_time_is_compared_in_its_zone() -> None:
    found = item(calendar("UID:a", f"DTSTART;{BERLIN}:20260701T100000", "DURATION:PT1H"))
    assert in_range(found, "20260701T080000Z", "20260701T081000Z")
    assert not in_range(found, "20260701T093000Z", "20260701T103000Z")


def test_windows_names_of_zones_are_known_and_made_up_ones_are_not() -> None:
    assert find_zone("W. Europe Standard Time") is not None
    assert find_zone("Middle-earth/Bree") is None


def test_a_series_has_its_occurrences_without_the_excluded_and_with_the_moved_one() -> None:
    found = series(f"EXDATE;{BERLIN}:20261211T090000", exceptions=(MOVED,))
    assert starts(found, "20261201T000000Z", "20270101T000000Z") == [
        "20261210T080000Z",
        "20261213T080000Z",
        "20261214T080000Z",
        "20261220T140000Z",
    ]
    assert not in_range(found, "20261211T000000Z", "20261213T000000Z")
    assert in_range(found, "20261220T000000Z", "20261221T000000Z")


def test_a_series_keeps_its_local_time_over_the_change_of_clocks() -> None:
    found = item(calendar("UID:s", f"DTSTART;{BERLIN}:20261018T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3"))
    assert starts(found, "20261001T000000Z", "20261201T000000Z") == ["20261018T070000Z", "20261025T080000Z", "20261101T080000Z"]


def test_an_endless_series_matches_an_open_range() -> None:
    found = item(calendar("UID:s", "DTSTART:20200101T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"))
    assert holds(found, '<c:comp-filter name="VEVENT"><c:time-range start="20300101T000000Z"/></c:comp-filter>')
    ended = item(calendar("UID:s", "DTSTART:20200101T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert not holds(ended, '<c:comp-filter name="VEVENT"><c:time-range start="20300101T000000Z"/></c:comp-filter>')


def test_extra_dates_belong_to_a_series() -> None:
    found = item(calendar("UID:s", "DTSTART:20261201T090000Z", "DURATION:PT1H", "RDATE:20261224T100000Z"))
    assert starts(found, "20261201T000000Z", "20270101T000000Z") == ["20261201T090000Z", "20261224T100000Z"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DUE:20261202T120000Z"], True),
        (["DUE:20261201T000000Z"], False),
        (["DTSTART:20261202T000000Z", "DUE:20261210T000000Z"], True),
        (["DTSTART:20261202T000000Z", "DURATION:P1D"], True),
        (["DTSTART:20261203T000000Z"], False),
        (["COMPLETED:20261202T050000Z"], True),
        (["COMPLETED:20261102T050000Z"], False),
        (["CREATED:20261101T050000Z"], True),
        (["CREATED:20270101T050000Z"], False),
        ([], True),
    ],
)
def test_a_task_is_in_the_range_by_the_dates_that_it_has(lines: list[str], expected: bool) -> None:
    found = item(calendar("UID:t", *lines, kind="VTODO"), "VTODO")
    assert in_range(found, "20261202T000000Z", "20261203T000000Z", "VTODO") is expected


def test_text_is_found_anywhere_in_any_case_unless_negated() -> None:
    found = item(calendar("UID:a", "DTSTART:20261201T100000Z", "SUMMARY:Große Réunion\\, Teil 2"))
    search = '<c:comp-filter name="VEVENT"><c:prop-filter name="SUMMARY"><c:text-match {}>{}</c:text-match></c:prop-filter></c:comp-filter>'
    assert holds(found, search.format('collation="i;unicode-casemap"', "RÉUNION, teil"))
    assert not holds(found, search.format("", "absent"))
    assert holds(found, search.format('negate-condition="yes"', "absent"))
    assert not holds(found, search.format('collation="i;octet"', "réunion,"))


def test_a_property_can_be_required_absent() -> None:
    open_task = item(calendar("UID:t", kind="VTODO"), "VTODO")
    done = item(calendar("UID:t", "COMPLETED:20261101T000000Z", kind="VTODO"), "VTODO")
    absent = '<c:comp-filter name="VTODO"><c:prop-filter name="COMPLETED"><c:is-not-defined/></c:prop-filter></c:comp-filter>'
    assert holds(open_task, absent)
    assert not holds(done, absent)


def test_a_component_can_be_required_and_required_absent() -> None:
    plain = item(event("a"))
    ringing = item(event("a", "20261201T100000Z", "20261201T110000Z", "BEGIN:VALARM", "TRIGGER:-PT15M", "END:VALARM"))
    alarm = '<c:comp-filter name="VEVENT"><c:comp-filter name="VALARM">{}</c:comp-filter></c:comp-filter>'
    assert (holds(ringing, alarm.format("")), holds(plain, alarm.format(""))) == (True, False)
    assert (holds(ringing, alarm.format("<c:is-not-defined/>")), holds(plain, alarm.format("<c:is-not-defined/>"))) == (False, True)
    rings = alarm.format('<c:time-range start="20261201T094000Z" end="20261201T095000Z"/>')
    assert (holds(ringing, rings), holds(plain, rings)) == (True, False)


def test_a_parameter_can_be_matched() -> None:
    found = item(event("a", "20261201T100000Z", "20261201T110000Z", "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org"))
    search = (
        '<c:comp-filter name="VEVENT"><c:prop-filter name="ATTENDEE"><c:text-match>bob@</c:text-match>'
        '<c:param-filter name="PARTSTAT"><c:text-match>{}</c:text-match></c:param-filter></c:prop-filter></c:comp-filter>'
    )
    assert holds(found, search.format("declined"))
    assert not holds(found, search.format("accepted"))


def test_another_kind_of_object_never_matches() -> None:
    assert not holds(item(calendar("UID:t", kind="VTODO"), "VTODO"), '<c:comp-filter name="VEVENT"/>')


@pytest.mark.parametrize(
    ("start", "end", "status"), [("2026-12-01", "20261202T000000Z", 500), ("20261203T000000Z", "20261202T000000Z", 400)]
)
def test_a_range_that_cannot_be_read_is_refused_as_nextcloud_does(start: str, end: str, status: int) -> None:
    with pytest.raises(DavError) as refused:
        read_range(start, end)
    assert refused.value.status == status


def test_expansion_gives_one_event_per_occurrence_in_utc_and_keeps_foreign_properties() -> None:
    found = series("X-FOREIGN;P=1:kept", exceptions=(MOVED,))
    root = parse(expand(found, read_range("20261212T000000Z", "20261221T000000Z")))
    assert [child.value("DTSTART") for child in root.children] == ["20261213T080000Z", "20261214T080000Z", "20261220T140000Z"]
    assert [child.value("RECURRENCE-ID") for child in root.children] == ["20261213T080000Z", "20261214T080000Z", "20261212T080000Z"]
    assert [child.value("X-FOREIGN") for child in root.children] == ["kept", "kept", ""]
    assert all(child.first("RRULE") is None for child in root.children)


def test_expansion_of_an_all_day_series_stays_all_day() -> None:
    found = item(calendar("UID:s", "DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202", "RRULE:FREQ=WEEKLY"))
    root = parse(expand(found, read_range("20261207T000000Z", "20261209T000000Z")))
    assert [str(line) for line in root.children[0].lines[-3:]][0:1] == ["DTSTART;VALUE=DATE:20261208\r\n"]


def test_export_groups_components_and_writes_a_time_zone_once() -> None:
    zone = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
    items = [
        item(calendar("UID:t", kind="VTODO"), "VTODO"),
        item(event("a").replace("BEGIN:VEVENT", zone)),
        item(event("b").replace("BEGIN:VEVENT", zone)),
    ]
    root = parse(export(items, "Work, private", "#fff"))
    assert [child.name for child in root.children] == ["VTIMEZONE", "VEVENT", "VEVENT", "VTODO"]
    assert root.value("X-WR-CALNAME") == "Work\\, private"


def test_free_busy_merges_overlaps_and_leaves_out_what_does_not_keep_busy() -> None:
    items = [
        item(event("a", "20261201T100000Z", "20261201T110000Z")),
        item(event("b", "20261201T103000Z", "20261201T120000Z")),
        item(event("c", "20261201T140000Z", "20261201T150000Z", "STATUS:TENTATIVE")),
        item(event("d", "20261201T160000Z", "20261201T170000Z", "TRANSP:TRANSPARENT")),
        item(event("e", "20261201T180000Z", "20261201T190000Z", "STATUS:CANCELLED")),
        item(calendar("UID:t", "DUE:20261201T200000Z", kind="VTODO"), "VTODO"),
    ]
    asked = read_range("20261201T000000Z", "20261202T000000Z")
    text = free_busy(busy(items, asked), asked, 0.0)
    assert [line for line in text.split("\r\n") if line.startswith("FREEBUSY")] == [
        "FREEBUSY:20261201T100000Z/20261201T120000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261201T140000Z/20261201T150000Z",
    ]


def test_an_all_day_event_is_busy_in_the_time_zone_of_its_calendar() -> None:
    found = item(calendar("UID:a", "DTSTART;VALUE=DATE:20261205"))
    zone = find_zone("Europe/Berlin")
    assert zone is not None
    periods = busy([found], read_range("20261201T000000Z", "20261210T000000Z"), zone)
    assert [(stamp(start), stamp(end)) for start, end, _ in periods] == [("20261204T230000Z", "20261205T230000Z")]


@pytest.mark.parametrize(("text", "seconds"), [("PT15M", 900), ("-P1D", -86400), ("P1W", 604800), ("+P1DT2H3M4S", 93784), ("nonsense", 0)])
def test_durations_are_read(text: str, seconds: int) -> None:
    assert read_duration(text).total_seconds() == seconds


def test_a_search_looks_into_the_named_properties_and_parameters_only() -> None:
    inner = (
        '<nc:filter><nc:comp-filter name="VEVENT"/><nc:prop-filter name="SUMMARY"/><nc:param-filter property="ATTENDEE" name="CN"/>'
        "<nc:search-term>Tom</nc:search-term></nc:filter><nc:limit>2</nc:limit><nc:offset>1</nc:offset>"
    )
    search = parse_search(ElementTree.fromstring(wrap("nc:calendar-search", inner)))
    found = [
        item(event("tomorrow")),
        item(event("x", "20261201T100000Z", "20261201T110000Z", "ATTENDEE;CN=Tom Weber:mailto:t@example.com")),
        item(event("y", "20261201T100000Z", "20261201T110000Z", "LOCATION:Tomsk")),
        item(event("TOM")),
        item(event("atom")),
    ]
    assert search.run(found) == [found[1], found[3]]


@pytest.mark.parametrize("missing", ["comp-filter", "prop-filter", "search-term"])
def test_a_search_without_one_of_its_parts_is_refused(missing: str) -> None:
    parts = {
        "comp-filter": '<nc:comp-filter name="VEVENT"/>',
        "prop-filter": '<nc:prop-filter name="SUMMARY"/>',
        "search-term": "<nc:search-term>a</nc:search-term>",
    }
    inner = "".join(text for name, text in parts.items() if name != missing)
    with pytest.raises(DavError, match=missing):
        parse_search(ElementTree.fromstring(wrap("nc:calendar-search", f"<nc:filter>{inner}</nc:filter>")))
