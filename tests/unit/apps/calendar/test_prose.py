"""Events and tasks in words."""

import pytest

from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, Kind
from nextcloud_mcp_server.apps.calendar.prose import changed_at, repeats, text_of


def stored(*items: str, kind: Kind = "VEVENT") -> CalendarObject:
    body = "".join(f"BEGIN:{kind}\r\nUID:u\r\n{item}\r\nEND:{kind}\r\n" for item in items)
    return CalendarObject.read(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n", kind)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("DTSTART:20261201T100000Z\r\nDTEND:20261201T113000Z", "Tuesday 1 December 2026 (2026-12-01), 10:00 to 11:30 UTC"),
        ("DTSTART;TZID=Europe/Berlin:20261201T100000\r\nDURATION:PT1H", "10:00 to 11:00 Europe/Berlin"),
        ("DTSTART:20261201T220000\r\nDTEND:20261202T010000", "22:00 to Wednesday 2 December 2026 (2026-12-02), 01:00"),
        ("DTSTART;VALUE=DATE:20261224", "All day Thursday 24 December 2026 (2026-12-24)"),
        (
            "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227",
            "All day Thursday 24 December 2026 (2026-12-24) to Saturday 26 December",
        ),
        ("DTSTART:20261201T100000Z", "Tuesday 1 December 2026 (2026-12-01), 10:00 UTC"),
        ("DTSTART:nonsense", "Lunch"),
    ],
)
def test_an_event_says_when_it_is(lines: str, said: str) -> None:
    assert said in text_of(stored(f"SUMMARY:Lunch\r\n{lines}"))


def test_a_task_says_when_it_starts_is_due_and_was_done() -> None:
    lines = "SUMMARY:Pay\r\nDTSTART;VALUE=DATE:20261201\r\nDUE;VALUE=DATE:20261202\r\nSTATUS:COMPLETED\r\nCOMPLETED:20261201T080000Z"
    said = text_of(stored(lines, kind="VTODO"))
    assert "Starts Tuesday 1 December 2026 (2026-12-01), Due Wednesday 2 December 2026 (2026-12-02)" in said
    assert "State: completed\nCompleted Tuesday 1 December 2026 (2026-12-01), 08:00 UTC" in said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,TH", "Repeats every week on Monday, Thursday"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=1FR;COUNT=5", "Repeats every 2 months on Friday, 5 times"),
        ("FREQ=DAILY;UNTIL=20261224T100000Z", "Repeats every day until 2026-12-24"),
        ("FREQ=ODD", "Repeats"),
        ("", "Repeats"),
    ],
)
def test_a_rule_is_said_as_far_as_it_is_common(rule: str, said: str) -> None:
    assert repeats(rule) == said


def test_changed_occurrences_of_a_series_are_found_too() -> None:
    series = "SUMMARY:Yoga\r\nDTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nRRULE:FREQ=WEEKLY\r\nDESCRIPTION:Bring a mat"
    other = "SUMMARY:Yoga\r\nRECURRENCE-ID:20261208T100000Z\r\nDTSTART:20261209T100000Z\r\nDTEND:20261209T110000Z\r\nLOCATION:Park"
    said = text_of(stored(series, other))
    assert said.index("Bring a mat") < said.index("Wednesday 9 December 2026")
    assert said.endswith(": Park")


def test_people_are_named_by_name_and_address() -> None:
    said = text_of(
        stored(
            "SUMMARY:x\r\nORGANIZER;CN=Ann:mailto:ann@example.test\r\nATTENDEE:mailto:bo@example.test\r\nATTENDEE;CN=Cy:mailto:cy@example.test"
        )
    )
    assert "Organizer: Ann <ann@example.test>\nWith: bo@example.test, Cy <cy@example.test>" in said


def test_the_time_of_the_last_change_is_told_where_it_is_known() -> None:
    when = changed_at(stored("DTSTAMP:20260101T000000Z\r\nLAST-MODIFIED:20260203T040506Z"))
    assert when is not None
    assert when.isoformat() == "2026-02-03T04:05:06+00:00"
    assert changed_at(stored("SUMMARY:x")) is None
