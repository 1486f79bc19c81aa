"""Events on a Nextcloud: written, read, listed, changed, deleted."""

from typing import Any

import pytest

from tests.contract.conftest import Place
from tests.support.assistant import Assistant
from tests.support.calendars import event, get, path, put, work, write_in_between

__all__ = ["work"]
DAY = {"start_datetime": "2027-05-04T10:00:00", "end_datetime": "2027-05-04T11:00:00"}


async def create(person: Assistant, calendar: str, title: str, **more: Any) -> dict[str, Any]:
    return await person.call("nc_calendar_create_event", calendar_name=calendar, title=title, **{**DAY, **more})


async def read(person: Assistant, calendar: str, uid: str, **more: Any) -> dict[str, Any]:
    return await person.call("nc_calendar_get_event", calendar_name=calendar, event_uid=uid, **more)


async def listed(person: Assistant, calendar: str, **more: Any) -> list[dict[str, Any]]:
    return (await person.call("nc_calendar_list_events", calendar_name=calendar, limit=500, **more))["events"]


async def test_a_new_event_reads_back_with_every_field(alice: Assistant, work: str, name: str) -> None:
    made = await create(
        alice,
        work,
        name,
        timezone="Europe/Berlin",
        description="Line one;\nline two, 🎉",
        location="Room #1 & more",
        categories="Work, Très bien",
        status="tentative",
        priority=1,
        privacy="private",
        url="https://example.org/?a=1&b=2",
        color="tomato",
        reminder_minutes=30,
        recurrence_rule="FREQ=WEEKLY;BYDAY=TU",
        recurrence_end_date="2027-06-30",
    )
    assert made["status_code"] == 201
    got = await read(alice, work, made["uid"])
    assert {
        key: got[key] for key in ("title", "description", "location", "categories", "status", "priority", "privacy", "url", "color")
    } == {
        "title": name,
        "description": "Line one;\nline two, 🎉",
        "location": "Room #1 & more",
        "categories": "Work, Très bien",
        "status": "TENTATIVE",
        "priority": 1,
        "privacy": "PRIVATE",
        "url": "https://example.org/?a=1&b=2",
        "color": "tomato",
    }
    assert (got["start_datetime"], got["end_datetime"]) == ("2027-05-04T10:00:00+02:00", "2027-05-04T11:00:00+02:00")
    assert (got["start_tz"], got["end_tz"], got["all_day"]) == ("Europe/Berlin", "Europe/Berlin", False)
    assert (got["recurring"], got["recurrence_rule"]) == (True, "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630T215959Z")
    assert got["recurrence_end_date"] == "2027-06-30"
    assert [reminder["minutes_before"] for reminder in got["reminders"]] == [30]
    assert got["etag"] == made["etag"]
    assert "BEGIN:VTIMEZONE" in await get(alice, work, f"{made['uid']}.ics")


@pytest.mark.parametrize(
    ("given", "zone", "stored", "shown"),
    [
        ("2027-05-04T10:00:00Z", None, "DTSTART:20270504T100000Z", "2027-05-04T10:00:00+00:00"),
        ("2027-05-04T12:00:00+02:00", None, "DTSTART:20270504T100000Z", "2027-05-04T10:00:00+00:00"),
        ("2027-05-04T10:00:00", None, "DTSTART:20270504T100000", "2027-05-04T10:00:00"),
        ("2027-05-04T10:00:00", "America/New_York", "DTSTART;TZID=America/New_York:20270504T100000", "2027-05-04T10:00:00-04:00"),
        ("2027-05-04", None, "DTSTART;VALUE=DATE:20270504", "2027-05-04"),
    ],
)
async def test_each_form_of_time_is_stored_and_shown_as_it_is(
    alice: Assistant, work: str, name: str, given: str, zone: str | None, stored: str, shown: str
) -> None:
    made = await create(alice, work, name, start_datetime=given, end_datetime=None, timezone=zone)
    before = await get(alice, work, f"{made['uid']}.ics")
    assert stored in before.splitlines()
    assert (await read(alice, work, made["uid"]))["start_datetime"] == shown == made["start_datetime"]
    await alice.call("nc_calendar_update_event", calendar_name=work, event_uid=made["uid"], location="elsewhere")
    after = await get(alice, work, f"{made['uid']}.ics")
    assert [line for line in after.splitlines() if line != "LOCATION:elsewhere"] == before.splitlines()


async def test_an_all_day_event_has_an_exclusive_end_and_a_last_day(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name, start_datetime="2027-05-04", end_datetime="2027-05-07", all_day=True)
    assert (made["start_datetime"], made["end_datetime"], made["last_day"]) == ("2027-05-04", "2027-05-07", "2027-05-06")
    rows = [row for row in await listed(alice, work, start_date="2027-05-06", end_date="2027-05-06") if row["uid"] == made["uid"]]
    assert [(row["start"], row["end"], row["last_day"], row["all_day"]) for row in rows] == [
        ("2027-05-04", "2027-05-07", "2027-05-06", True)
    ]
    assert made["uid"] not in [row["uid"] for row in await listed(alice, work, start_date="2027-05-07", end_date="2027-05-07")]


async def test_an_update_leaves_every_other_byte(alice: Assistant, work: str, name: str) -> None:
    text = event(
        name,
        "DTSTART;TZID=Europe/Berlin;X-P=1:20270504T100000",
        "DURATION:PT1H30M",
        "SUMMARY;LANGUAGE=de:Treffen mit sehr langem Titel\\, der über fünfundsiebzig",
        "  Zeichen hinausgeht",
        'X-CUSTOM;A="b:c":value;with\\,escapes',
        'ATTENDEE;CN="Bee, Bob";PARTSTAT=ACCEPTED:mailto:someone@example.net',
        "CATEGORIES:one,two",
        "CATEGORIES:three",
        "BEGIN:VALARM",
        "ACTION:AUDIO",
        "TRIGGER;VALUE=DATE-TIME:20270504T070000Z",
        "ATTACH;VALUE=URI:Basso",
        "X-WR-ALARMUID:1",
        "END:VALARM",
    )
    await put(alice, work, f"object of {name}.ics", text)
    before = await get(alice, work, f"object of {name}.ics")
    saved = await alice.call("nc_calendar_update_event", calendar_name=work, event_uid=name, description="new")
    after = await get(alice, work, f"object of {name}.ics")
    assert [line for line in after.splitlines() if line != "DESCRIPTION:new"] == before.splitlines()
    assert saved["href"].endswith(".ics")
    got = await read(alice, work, name)
    assert (got["categories"], got["attendees"], got["end_datetime"]) == (
        "one, two, three",
        "someone@example.net",
        "2027-05-04T11:30:00+02:00",
    )
    assert got["reminders"] == [{"trigger_at": "2027-05-04T07:00:00+00:00", "action": "AUDIO"}]


async def test_a_stale_etag_changes_nothing_and_tells_the_current_one(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name)
    newer = await alice.call("nc_calendar_update_event", calendar_name=work, event_uid=made["uid"], title="newer", etag=made["etag"])
    text = await alice.error("nc_calendar_update_event", calendar_name=work, event_uid=made["uid"], title="lost", etag=made["etag"])
    assert "modified by someone else" in text
    assert newer["etag"] in text
    assert "modified by someone else" in await alice.error(
        "nc_calendar_delete_event", calendar_name=work, event_uid=made["uid"], etag=made["etag"]
    )
    assert (await read(alice, work, made["uid"]))["title"] == "newer"


async def test_a_write_between_reading_and_writing_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, alice: Assistant, work: str, name: str
) -> None:
    made = await create(alice, work, name)
    uid = {"calendar_name": work, "event_uid": made["uid"]}
    write_in_between(monkeypatch, alice, lambda: alice.call("nc_calendar_update_event", **uid, description="theirs"))
    assert "modified by someone else" in await alice.error("nc_calendar_update_event", **uid, title="ours")
    got = await read(alice, work, made["uid"])
    assert (got["title"], got["description"]) == (name, "theirs")


async def test_a_meeting_names_the_organizer_and_keeps_who_stays(
    place: Place, alice: Assistant, bob: Assistant, work: str, name: str
) -> None:
    mail = {person: (await person.session.person()).email for person in (alice, bob)}
    made = await create(alice, work, name, timezone="Europe/Berlin", attendees=f"{mail[bob]}, Guest Person <guest@example.net>")
    text = (await get(alice, work, f"{made['uid']}.ics")).replace("\r\n ", "")
    assert f"mailto:{mail[alice]}" in next(line for line in text.splitlines() if line.startswith("ORGANIZER"))
    assert any(line.startswith("ATTENDEE") and "CN=Guest Person" in line for line in text.splitlines())
    saved = await alice.call(
        "nc_calendar_update_event",
        calendar_name=work,
        event_uid=made["uid"],
        attendees="guest@example.net,third@example.net",
        etag=made["etag"],
    )
    after = (await get(alice, work, f"{made['uid']}.ics")).replace("\r\n ", "")
    assert any("CN=Guest Person" in line for line in after.splitlines())
    got = await read(alice, work, made["uid"])
    assert got["attendees"] == "guest@example.net, third@example.net"
    assert (got["organizer"], got["etag"]) == (mail[alice], saved["etag"])


async def test_reminders_are_replaced_kept_and_cleared(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name, reminder_minutes=15, reminder_email=True)
    uid = {"calendar_name": work, "event_uid": made["uid"]}
    got = await read(alice, work, made["uid"])
    assert [(one["minutes_before"], one["action"]) for one in got["reminders"]] == [(15, "DISPLAY"), (15, "EMAIL")]
    await alice.call("nc_calendar_update_event", **uid, reminder_minutes=60)
    got = await read(alice, work, made["uid"])
    assert [(one["minutes_before"], one["action"]) for one in got["reminders"]] == [(60, "DISPLAY"), (15, "EMAIL")]
    wanted = [{"trigger": "-P1D"}, {"trigger_at": "2027-05-04T06:00:00", "action": "audio"}, {"minutes_before": 5, "related": "end"}]
    await alice.call("nc_calendar_update_event", **uid, reminders=wanted)
    got = await read(alice, work, made["uid"])
    assert [one.get("minutes_before", one.get("trigger_at")) for one in got["reminders"]] == [1440, "2027-05-04T06:00:00+00:00", 5]
    assert got["reminders"][2]["related"] == "END"
    await alice.call("nc_calendar_update_event", **uid, reminders=[])
    assert (await read(alice, work, made["uid"]))["reminders"] == []


async def test_filters_come_before_the_limit(alice: Assistant, work: str, name: str) -> None:
    for number in range(4):
        await create(
            alice,
            work,
            f"{name} {number}",
            start_datetime=f"2027-07-0{number + 1}T10:00:00Z",
            end_datetime=None,
            categories="x" if number == 3 else "",
        )
    arguments = {"calendar_name": work, "start_date": "2027-07-01", "end_date": "2027-07-31", "title_contains": name.upper()}
    page = await alice.call("nc_calendar_list_events", **arguments, limit=1, categories="X")
    assert ([row["summary"] for row in page["events"]], page["total_found"]) == ([f"{name} 3"], 1)
    seen: list[str] = []
    cursor = None
    while True:
        page = await alice.call("nc_calendar_list_events", **arguments, limit=3, cursor=cursor)
        seen += [row["summary"] for row in page["events"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert seen == [f"{name} {number}" for number in range(4)]


async def test_all_calendars_are_searched_at_once(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name)
    page = await alice.call("nc_calendar_list_events", search_all_calendars=True, title_contains=name, limit=500)
    assert [(row["uid"], row["calendar_name"]) for row in page["events"]] == [(made["uid"], work)]
    assert "calendar_name is required" in await alice.error("nc_calendar_list_events")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"start_datetime": "tomorrow"}, "'tomorrow'"),
        ({"end_datetime": "2027-05-04T09:00:00"}, "2027-05-04T09:00:00"),
        ({"timezone": "Mars/Olympus"}, "'Mars/Olympus'"),
        ({"recurrence_rule": "EVERY DAY"}, "'EVERY DAY'"),
        ({"recurrence_rule": "FREQ=DAILY;COUNT=3", "recurrence_end_date": "2027-06-01"}, "FREQ=DAILY;COUNT=3"),
        ({"recurring": True}, "recurrence_rule"),
        ({"attendees": "bob"}, "'bob'"),
        ({"status": "MAYBE"}, "MAYBE"),
        ({"priority": 12}, "12"),
        ({"color": "#ff0000"}, "#ff0000"),
        ({"reminders": [{"minutes_before": 5, "trigger": "-PT5M"}]}, "exactly one"),
        ({"reminders": [{"trigger": "soon"}]}, "soon"),
        ({"title": ""}, "title"),
    ],
)
async def test_a_wrong_value_is_named_and_nothing_is_created(
    alice: Assistant, work: str, name: str, wrong: dict[str, Any], named: str
) -> None:
    text = await alice.error("nc_calendar_create_event", **{"calendar_name": work, "title": name, **DAY, **wrong})
    assert named in text
    assert [row for row in await listed(alice, work, title_contains=name) if row["summary"] == name] == []


async def test_wrong_dates_of_a_listing_are_named(alice: Assistant, work: str) -> None:
    assert "'2027-13-01'" in await alice.error("nc_calendar_list_events", calendar_name=work, start_date="2027-13-01")
    assert "before" in await alice.error("nc_calendar_list_events", calendar_name=work, start_date="2027-02-01", end_date="2027-01-01")


async def test_a_missing_calendar_is_named_with_those_there_are(alice: Assistant, work: str, name: str) -> None:
    for tool, more in (
        ("list_events", {}),
        ("create_event", {"title": "x", **DAY}),
        ("get_event", {"event_uid": "x"}),
        ("update_event", {"event_uid": "x", "title": "y"}),
        ("delete_event", {"event_uid": "x"}),
        ("create_todo", {"summary": "x"}),
    ):
        text = await alice.error(f"nc_calendar_{tool}", calendar_name=name, **more)
        assert f"'{name}' not found" in text, tool
        assert work in text, tool


async def test_a_missing_event_is_an_error_and_deleting_it_again_is_not(alice: Assistant, work: str, name: str) -> None:
    assert f"'{name}' not found" in await alice.error("nc_calendar_get_event", calendar_name=work, event_uid=name)
    made = await create(alice, work, name)
    first = await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=made["uid"])
    again = await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=made["uid"])
    assert (first["status_code"], again["status_code"]) == (204, 404)
    assert "nc_calendar_restore_event" in first["message"]


async def test_a_deleted_event_comes_back_from_the_trash(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name)
    before = await get(alice, work, f"{made['uid']}.ics")
    await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=made["uid"])
    trash = (await alice.call("nc_calendar_list_trash", limit=500))["deleted"]
    assert [(one["summary"], one["kind"]) for one in trash if one["uid"] == made["uid"]] == [(name, "event")]
    await alice.call("nc_calendar_restore_event", uid=made["uid"])
    assert (await read(alice, work, made["uid"]))["title"] == name
    assert await get(alice, work, f"{made['uid']}.ics") == before
    assert "nc_calendar_list_trash" in await alice.error("nc_calendar_restore_event", uid=made["uid"])


async def test_nobody_reads_or_changes_another_persons_events(alice: Assistant, bob: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name)
    for tool, more in (("get_event", {}), ("update_event", {"title": "mine"}), ("delete_event", {})):
        assert "not found" in await bob.error(f"nc_calendar_{tool}", calendar_name=work, event_uid=made["uid"], **more)
    assert (await read(alice, work, made["uid"]))["title"] == name


async def test_an_event_under_another_name_is_found_by_its_uid(alice: Assistant, work: str, name: str) -> None:
    await put(
        alice, work, f"{name}-ü #1 & more.ics", event(f"uid/{name}", "DTSTART:20270504T100000Z", "DTEND:20270504T110000Z", "SUMMARY:Hidden")
    )
    assert (await read(alice, work, f"uid/{name}"))["title"] == "Hidden"
    await alice.call("nc_calendar_update_event", calendar_name=work, event_uid=f"uid/{name}", title="Found")
    assert "SUMMARY:Found" in await get(alice, work, f"{name}-ü #1 & more.ics")
    await alice.call("nc_calendar_delete_event", calendar_name=work, event_uid=f"uid/{name}")
    await alice.error("nc_calendar_get_event", calendar_name=work, event_uid=f"uid/{name}")


async def test_timed_and_all_day_change_into_each_other_only_with_both_ends(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name, timezone="Europe/Berlin")
    uid = {"calendar_name": work, "event_uid": made["uid"]}
    assert (await alice.call("nc_calendar_update_event", **uid, all_day=True))["last_day"] == "2027-05-04"
    assert "start_datetime and end_datetime" in await alice.error("nc_calendar_update_event", **uid, all_day=False)
    assert "start_datetime and end_datetime" in await alice.error("nc_calendar_update_event", **uid, start_datetime="2027-05-04T09:00:00")
    saved = await alice.call(
        "nc_calendar_update_event", **uid, all_day=False, start_datetime="2027-05-05T09:00:00Z", end_datetime="2027-05-05T10:00:00Z"
    )
    assert (saved["start_datetime"], saved["end_datetime"]) == ("2027-05-05T09:00:00+00:00", "2027-05-05T10:00:00+00:00")


async def test_a_text_cannot_smuggle_in_another_property(alice: Assistant, work: str, name: str) -> None:
    made = await create(alice, work, name, url="https://example.org/\r\nATTENDEE:mailto:evil@example.net", location="a\r\nX-EVIL:1")
    text = await get(alice, work, f"{made['uid']}.ics")
    assert not [line for line in text.splitlines() if line.startswith(("ATTENDEE", "X-EVIL"))]
    assert (await read(alice, work, made["uid"]))["location"] == "a\nX-EVIL:1"


async def test_the_person_behind_the_path_is_the_user_id(alice: Assistant, work: str) -> None:
    assert (await path(alice, work)).startswith("/remote.php/dav/calendars/")
    rows = (await alice.call("nc_calendar_list_calendars", limit=500))["calendars"]
    assert work in [row["name"] for row in rows]
