"""An edit changes what it names and not one other byte: unknown properties, folds, line ends, alarms, attendees, exceptions."""

from dataclasses import replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.calendar import edit, tasks
from nextcloud_mcp_server.apps.calendar.edit import Author, EventChanges
from nextcloud_mcp_server.apps.calendar.exceptions import exception_for, exclude
from nextcloud_mcp_server.apps.calendar.expansion import occurrence_of
from nextcloud_mcp_server.apps.calendar.models import Reminder
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject
from nextcloud_mcp_server.apps.calendar.people import Address
from nextcloud_mcp_server.apps.calendar.tasks import TodoChanges
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line

AUTHOR = Author(ZoneInfo("Europe/Berlin"), Address("alice@example.org", "Alice"))
NAMES = st.sampled_from(
    ["X-APPLE-TRAVEL", "X-moz-lastack", "COMMENT", "CONTACT", "GEO", "ATTACH", "TRANSP", "RELATED-TO", "IMAGE", "x-lower", "RESOURCES"]
)
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120)
PARAMETERS = st.sampled_from(["", ';X-A="b:c;d"', ";LANGUAGE=de", ";VALUE=TEXT;X-B=1,2"])
ENDS = st.sampled_from(["\r\n", "\n"])
TIMES = st.sampled_from(
    [
        ("DTSTART:20270504T100000Z", "DTEND:20270504T110000Z"),
        ("DTSTART;TZID=Europe/Berlin:20270504T100000", "DTEND;TZID=America/New_York:20270504T110000"),
        ("DTSTART;TZID=/vendor/Somewhere:20270504T100000", "DURATION:PT1H"),
        ("DTSTART:20270504T100000", "DTEND:20270504T110000"),
        ("DTSTART;VALUE=DATE:20270504", "DTEND;VALUE=DATE:20270506"),
        ("DTSTART;VALUE=DATE:20270504",),
    ]
)
ALARMS = st.lists(
    st.sampled_from(
        [
            ("ACTION:DISPLAY", "TRIGGER:-PT15M", "X-WR-ALARMUID:1", "ACKNOWLEDGED:20270504T094500Z"),
            ("ACTION:AUDIO", "TRIGGER;VALUE=DATE-TIME:20270504T090000Z", "ATTACH;VALUE=URI:Chord"),
            ("ACTION:EMAIL", "TRIGGER;RELATED=END:PT5M", "ATTENDEE:mailto:a@example.org", "SUMMARY:s", "DESCRIPTION:d"),
            ("ACTION:PROCEDURE", "TRIGGER:-PT1H"),
            ("TRIGGER:never",),
        ]
    ),
    max_size=3,
)
PEOPLE = st.lists(
    st.sampled_from(
        [
            'ATTENDEE;CN="Bee, Bob";PARTSTAT=ACCEPTED;SCHEDULE-STATUS=1.1:mailto:Bob@example.org',
            "ATTENDEE;PARTSTAT=DECLINED:mailto:c@example.org",
            "ATTENDEE;CUTYPE=ROOM:mailto:room@example.org",
        ]
    ),
    max_size=3,
    unique=True,
)


@st.composite
def folded(draw: st.DrawFn, text: str, end: str) -> str:
    """A line with folds at places where other programs put them."""
    at = draw(st.integers(1, 80))
    pieces = [text[start : start + at] for start in range(0, len(text), at)] if len(text) > at else [text]
    return f"{end}{draw(st.sampled_from([' ', chr(9)]))}".join(pieces) + end


@st.composite
def objects(draw: st.DrawFn, kind: str, rule: str | None = None) -> str:
    """A calendar object as any program might have written it."""
    end = draw(ENDS)
    lines = [f"{draw(NAMES)}{draw(PARAMETERS)}:{draw(TEXT)}" for _ in range(draw(st.integers(0, 5)))]
    known = [f"SUMMARY{draw(PARAMETERS)}:{draw(TEXT)}", "CATEGORIES:a,b", "CATEGORIES:c", "SEQUENCE:3", *draw(TIMES), *draw(PEOPLE)]
    inner = draw(st.permutations([*lines, *known, *([f"RRULE:{rule}"] if rule else [])]))
    alarms = [line for alarm in draw(ALARMS) for line in ("BEGIN:VALARM", *alarm, "END:VALARM")]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Ü//EN", "X-WR-CALNAME:x", f"BEGIN:{kind}", "UID:u"]
    every = [*head, *inner, *alarms, f"END:{kind}", "END:VCALENDAR"]
    text = "".join(
        draw(folded(line, end)) if ":" in line and not line.startswith(("BEGIN", "END", "DTSTART")) else line + end for line in every
    )
    return text if kind == "VEVENT" else text.replace("DTEND", "DUE").replace("DURATION:PT1H", "X-DURATION:PT1H")


def raws(item: Component, without: set[str]) -> list[str]:
    """The lines of a component and its inner ones, in order, without some properties of its own."""
    found: list[str] = [item.begin.raw]
    for one in item.content:
        if isinstance(one, Line):
            found += [one.raw] if one.name not in without else []
        elif one.name not in without:
            found += raws(one, set())
    return [*found, item.end.raw]


EVENT_CHANGES: list[tuple[dict[str, Any], set[str]]] = [
    ({"title": "New\ntitle; with, marks"}, {"SUMMARY"}),
    ({"title": ""}, {"SUMMARY"}),
    ({"description": "d" * 200}, {"DESCRIPTION"}),
    ({"location": "Über"}, {"LOCATION"}),
    ({"categories": "x, y"}, {"CATEGORIES"}),
    ({"status": "CANCELLED"}, {"STATUS"}),
    ({"priority": 1}, {"PRIORITY"}),
    ({"privacy": "PRIVATE"}, {"CLASS"}),
    ({"url": "https://example.org"}, {"URL"}),
    ({"color": "red"}, {"COLOR"}),
    ({"attendees": "bob@example.org, new@example.org"}, {"ATTENDEE", "ORGANIZER"}),
    ({"recurrence_rule": "FREQ=WEEKLY"}, {"RRULE"}),
    ({"reminders": []}, {"VALARM"}),
    ({"reminders": [Reminder(minutes_before=7)]}, {"VALARM"}),
    ({"all_day": True}, {"DTSTART", "DTEND", "DURATION"}),
    ({"start_datetime": "2027-05-03T08:00:00Z", "end_datetime": "2027-05-03T09:00:00Z"}, {"DTSTART", "DTEND", "DURATION"}),
]


@pytest.mark.parametrize(("given_fields", "touched"), EVENT_CHANGES, ids=lambda value: "-".join(value) if isinstance(value, dict) else "")
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_one_changed_field_of_an_event_leaves_all_other_bytes(given_fields: dict[str, Any], touched: set[str], data: st.DataObject) -> None:
    text = data.draw(objects("VEVENT"))
    before, after = CalendarObject.read(text, "VEVENT"), CalendarObject.read(text, "VEVENT")
    assert str(after) == text
    edit.apply(after, after.main, EventChanges(**given_fields), AUTHOR)
    again = CalendarObject.read(str(after), "VEVENT")
    assert raws(again.main, touched) == raws(before.main, touched)
    assert [one.raw for one in again.root.lines()] == [one.raw for one in before.root.lines()]


@given(text=objects("VEVENT"))
def test_an_update_with_what_is_there_already_changes_nothing(text: str) -> None:
    stored = CalendarObject.read(text, "VEVENT")
    item = stored.main
    same = EventChanges(
        title=item.text("SUMMARY"),
        categories=",".join(edit.categories_of(item)),
        attendees=",".join(one.value.removeprefix("mailto:") for one in item.lines("ATTENDEE")),
        reminders=None,
    )
    edit.apply(stored, item, replace(same, title=same.title or None), Author(UTC))
    assert str(stored) == text


@given(text=objects("VEVENT"))
def test_minutes_of_a_reminder_leave_foreign_alarms_alone(text: str) -> None:
    before, after = CalendarObject.read(text, "VEVENT"), CalendarObject.read(text, "VEVENT")
    edit.apply(after, after.main, EventChanges(reminder_minutes=45), AUTHOR)
    foreign = [str(alarm) for alarm in before.main.components("VALARM") if alarm.text("ACTION") != "DISPLAY"]
    assert [text for text in map(str, after.main.components("VALARM")) if text in foreign] == foreign
    assert raws(after.main, {"VALARM"}) == raws(before.main, {"VALARM"})
    shows = [alarm for alarm in after.main.components("VALARM") if alarm.text("ACTION") == "DISPLAY"]
    assert shows[0].text("TRIGGER") == "-PT45M"


@given(text=objects("VEVENT", rule="FREQ=DAILY;COUNT=9"))
def test_changing_one_occurrence_leaves_the_series_and_its_other_exceptions(text: str) -> None:
    stored = CalendarObject.read(text, "VEVENT")
    for day in ("2027-05-06", "2027-05-07"):
        before = [str(item) for item in stored.items]
        edit.apply(stored, exception_for(occurrence_of(stored, day, UTC)), EventChanges(title=day), AUTHOR)
        again = CalendarObject.read(str(stored), "VEVENT")
        assert [str(item) for item in again.items][:-1] == before
        copied = {"SUMMARY", "RECURRENCE-ID", "DTSTART", "DTEND", "RRULE"}
        assert raws(again.items[-1], copied) == raws(again.items[0], copied)
        stored = again


@given(text=objects("VEVENT", rule="FREQ=DAILY;COUNT=9"))
def test_taking_one_occurrence_out_adds_one_line(text: str) -> None:
    stored = CalendarObject.read(text, "VEVENT")
    before = raws(stored.main, {"EXDATE"})
    assert exclude(occurrence_of(stored, "2027-05-06", UTC))
    assert raws(CalendarObject.read(str(stored), "VEVENT").main, {"EXDATE"}) == before
    assert len(stored.main.lines("EXDATE")) == 1


TODO_CHANGES: list[tuple[dict[str, Any], set[str]]] = [
    ({"summary": "New"}, {"SUMMARY"}),
    ({"description": "x"}, {"DESCRIPTION"}),
    ({"priority": 4}, {"PRIORITY"}),
    ({"categories": ""}, {"CATEGORIES"}),
    ({"percent_complete": 30}, {"PERCENT-COMPLETE"}),
    ({"status": "COMPLETED"}, {"STATUS", "PERCENT-COMPLETE", "COMPLETED"}),
    ({"due": "", "dtstart": ""}, {"DUE", "DTSTART"}),
    ({"reminders": [Reminder(trigger_at="2027-05-04T08:00:00")]}, {"VALARM"}),
]


@pytest.mark.parametrize(("given_fields", "touched"), TODO_CHANGES, ids=lambda value: "-".join(value) if isinstance(value, dict) else "")
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_one_changed_field_of_a_task_leaves_all_other_bytes(given_fields: dict[str, Any], touched: set[str], data: st.DataObject) -> None:
    text = data.draw(objects("VTODO"))
    before, after = CalendarObject.read(text, "VTODO"), CalendarObject.read(text, "VTODO")
    tasks.apply(after, after.main, TodoChanges(**given_fields), AUTHOR)
    assert raws(CalendarObject.read(str(after), "VTODO").main, touched) == raws(before.main, touched)
