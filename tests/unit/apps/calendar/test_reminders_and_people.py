"""Alarms and attendees."""

import pytest

from nextcloud_mcp_server.apps.calendar.alarms import read_alarm, reminders_of, set_reminders, set_simple
from nextcloud_mcp_server.apps.calendar.models import Reminder
from nextcloud_mcp_server.apps.calendar.people import Address, parse_people, participation, set_attendees
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, parse


def event(*lines: str) -> Component:
    return parse("\r\n".join(["BEGIN:VEVENT", "SUMMARY:s", *lines, "END:VEVENT", ""]), "x")


def alarm(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VALARM", *lines, "END:VALARM")


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (("ACTION:DISPLAY", "TRIGGER:-PT15M"), {"minutes_before": 15, "action": "DISPLAY"}),
        (("ACTION:DISPLAY", "TRIGGER:-P1DT1H"), {"minutes_before": 1500, "action": "DISPLAY"}),
        (("ACTION:DISPLAY", "TRIGGER:PT0S"), {"minutes_before": 0, "action": "DISPLAY"}),
        (("ACTION:audio", "TRIGGER;RELATED=END:PT5M"), {"trigger": "PT5M", "related": "END", "action": "AUDIO"}),
        (("ACTION:DISPLAY", "TRIGGER:-PT30S"), {"trigger": "-PT30S", "action": "DISPLAY"}),
        (
            ("ACTION:EMAIL", "TRIGGER;VALUE=DATE-TIME:20270504T080000Z", "SUMMARY:x"),
            {"trigger_at": "2027-05-04T08:00:00+00:00", "action": "EMAIL", "summary": "x"},
        ),
    ],
)
def test_an_alarm_is_shown_as_it_would_be_given_and_given_back_stays(lines: tuple[str, ...], shown: dict[str, object]) -> None:
    item = event(*alarm(*lines, "X-KEEP:1"))
    before = str(item)
    found = reminders_of(item)
    assert [one.model_dump(exclude_none=True) for one in found] == [shown]
    set_reminders(item, found, None)
    assert str(item) == before


@pytest.mark.parametrize(
    "lines", [("ACTION:DISPLAY",), ("TRIGGER:-PT1M",), ("ACTION:DISPLAY", "TRIGGER:soon"), ("ACTION:PROCEDURE", "TRIGGER:-PT1M")]
)
def test_what_cannot_be_understood_is_not_shown(lines: tuple[str, ...]) -> None:
    assert read_alarm(event(*alarm(*lines)).components("VALARM")[0]) is None


@pytest.mark.parametrize(
    "reminder",
    [
        Reminder(),
        Reminder(minutes_before=5, trigger_at="2027-05-04T08:00:00"),
        Reminder(trigger="PT"),
        Reminder(trigger_at="2027-05-04"),
        Reminder(trigger_at="2027-05-04T08:00:00", related="END"),
    ],
)
def test_a_reminder_that_makes_no_sense_is_refused(reminder: Reminder) -> None:
    item = event()
    with pytest.raises(InvalidValue):
        set_reminders(item, [reminder], None)


def test_a_mail_goes_to_the_person() -> None:
    item = event()
    set_simple(item, None, True, "alice@example.org")
    (made,) = item.components("VALARM")
    assert [made.text(name) for name in ("ACTION", "TRIGGER", "SUMMARY", "DESCRIPTION", "ATTENDEE")] == [
        "EMAIL",
        "-PT15M",
        "s",
        "s",
        "mailto:alice@example.org",
    ]
    set_simple(item, None, False, None)
    assert item.components("VALARM") == []


def test_no_minutes_take_only_notifications_before_the_start() -> None:
    lines = (
        *alarm("ACTION:DISPLAY", "TRIGGER:-PT15M"),
        *alarm("ACTION:AUDIO", "TRIGGER:-PT15M"),
        *alarm("ACTION:DISPLAY", "TRIGGER;RELATED=END:PT0S"),
    )
    item = event(*lines)
    set_simple(item, 0, None, None)
    assert [(one.action, one.related) for one in reminders_of(item)] == [("AUDIO", None), ("DISPLAY", "END")]


def test_addresses_come_with_and_without_names() -> None:
    assert parse_people('a@example.org, "Doe, Jane" <J@example.org>,mailto:c@example.org, A@EXAMPLE.ORG') == [
        Address("A@EXAMPLE.ORG"),
        Address("J@example.org", "Doe, Jane"),
        Address("c@example.org"),
    ]
    assert parse_people(" ") == []


@pytest.mark.parametrize("text", ["bob", "a@example.org, bob", "@", "a b@example.org", "a@example.org;b@example.org"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(InvalidValue, match="attendees"):
        parse_people(text)


def test_who_stays_keeps_the_answer_and_a_foreign_organizer_stays() -> None:
    item = event(
        "ORGANIZER:mailto:boss@example.org", "ATTENDEE;PARTSTAT=ACCEPTED;X-A=1:MAILTO:Bob@example.org", "ATTENDEE:mailto:c@example.org"
    )
    set_attendees(item, parse_people("bob@example.org,d@example.org"), Address("me@example.org"))
    assert participation(item) == {"Bob@example.org": "ACCEPTED", "d@example.org": "NEEDS-ACTION"}
    assert "ATTENDEE;PARTSTAT=ACCEPTED;X-A=1:MAILTO:Bob@example.org\r\n" in str(item)
    assert item.text("ORGANIZER") == "mailto:boss@example.org"
    set_attendees(item, [], None)
    assert item.lines("ATTENDEE") == []
