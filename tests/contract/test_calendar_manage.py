"""Calendars themselves on a Nextcloud."""

from contextlib import suppress
from typing import Any

import pytest

from tests.support.assistant import Assistant, ToolFailed
from tests.support.calendars import event, fresh, path, purge, put, slug, work

__all__ = ["work"]


async def manage(person: Assistant, action: str, **more: Any) -> dict[str, Any]:
    return await person.call("nc_calendar_manage_calendar", action=action, **more)


async def listed(person: Assistant) -> dict[str, dict[str, Any]]:
    rows = (await person.call("nc_calendar_list_calendars", limit=500))["calendars"]
    return {row["name"]: row for row in rows}


async def test_a_calendar_is_made_changed_deleted_and_restored(alice: Assistant, name: str) -> None:
    made = await manage(alice, "create", calendar_name=name, display_name='Größe <&> "x"', description="a & b", color="#1976D2")
    try:
        assert (made["status_code"], made["display_name"]) == (201, 'Größe <&> "x"')
        row = (await listed(alice))[name]
        assert (row["display_name"], row["description"], row["color"].upper()) == ('Größe <&> "x"', "a & b", "#1976D2")
        assert (sorted(row["components"]), row["read_only"]) == (["VEVENT", "VTODO"], False)
        await manage(alice, "update", calendar_name=name, display_name="Renamed", description="")
        row = (await listed(alice))[name]
        assert (row["display_name"], row.get("description")) == ("Renamed", None)
        assert "restore" in (await manage(alice, "delete", calendar_name=name))["message"]
        assert name not in await listed(alice)
        assert "restore" in await alice.error("nc_calendar_manage_calendar", action="create", calendar_name=name)
        assert f"'{name}' not found" in await alice.error("nc_calendar_manage_calendar", action="delete", calendar_name=name)
        await manage(alice, "restore", calendar_name=name)
        assert (await listed(alice))[name]["display_name"] == "Renamed"
        assert "already" in await alice.error("nc_calendar_manage_calendar", action="create", calendar_name=name)
    finally:
        await purge(alice, name)


async def test_a_name_with_odd_characters_is_an_address_like_any_other(alice: Assistant, name: str) -> None:
    odd = f"{name} & #1 ü%"
    await manage(alice, "create", calendar_name=odd, components="events")
    try:
        made = await alice.call("nc_calendar_create_event", calendar_name=odd, title="x", start_datetime="2027-05-04T10:00:00Z")
        assert (await alice.call("nc_calendar_get_event", calendar_name=odd, event_uid=made["uid"]))["title"] == "x"
        assert "does not accept tasks" in await alice.error("nc_calendar_create_todo", calendar_name=odd, summary="x")
    finally:
        await purge(alice, odd)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"action": "explode"}, "explode"),
        ({"action": "create"}, "calendar_name"),
        ({"action": "create", "display_name": "x", "color": "blue"}, "'blue'"),
        ({"action": "create", "calendar_name": "a/b"}, "'a/b'"),
        ({"action": "create", "calendar_name": "x", "components": "notes"}, "'notes'"),
        ({"action": "update", "calendar_name": "personal"}, "Nothing to change"),
        ({"action": "update", "display_name": "x"}, "calendar_name"),
    ],
)
async def test_wrong_arguments_are_named(alice: Assistant, arguments: dict[str, Any], named: str) -> None:
    assert named in await alice.error("nc_calendar_manage_calendar", **arguments)


async def test_the_pages_of_a_listing_hold_every_calendar_once(alice: Assistant) -> None:
    every = await listed(alice)
    assert {"personal"} <= every.keys()
    seen: list[str] = []
    cursor = None
    while True:
        page = await alice.call("nc_calendar_list_calendars", limit=2, cursor=cursor)
        seen += [row["name"] for row in page["calendars"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) >= 2
    assert (await manage(alice, "list"))["calendars"]


async def test_birthdays_are_read_only(alice: Assistant) -> None:
    row = (await listed(alice)).get("contact_birthdays")
    if row is None:
        pytest.skip("this account has no birthday calendar yet")
    assert row["read_only"] is True
    text = await alice.error("nc_calendar_create_event", calendar_name="contact_birthdays", title="x", start_datetime="2027-05-04")
    assert "read-only" in text


async def test_a_calendar_shared_for_reading_is_read_only(alice: Assistant, bob: Assistant) -> None:
    name = await fresh(alice)
    try:
        await put(alice, name, "shared.ics", event(f"uid-{name}", "DTSTART:20270504T100000Z", "SUMMARY:Shared"))
        body = (
            '<o:share xmlns:d="DAV:" xmlns:o="http://owncloud.org/ns"><o:set>'
            f"<d:href>principal:principals/users/{await bob.session.uid()}</d:href></o:set></o:share>"
        )
        headers = {"Content-Type": "application/xml; charset=utf-8"}
        await alice.session.request("POST", await path(alice, name), what="the share", headers=headers, data=body.encode())
        row = next(row for key, row in (await listed(bob)).items() if key.startswith(name))
        assert (row["read_only"], row["owner"]) == (True, await alice.session.uid())
        uid = {"calendar_name": row["name"], "event_uid": f"uid-{name}"}
        assert (await bob.call("nc_calendar_get_event", **uid))["title"] == "Shared"
        assert "read-only" in await bob.error("nc_calendar_update_event", **uid, title="mine")
        with suppress(ToolFailed):
            await bob.call("nc_calendar_delete_event", **uid)
        assert (await alice.call("nc_calendar_get_event", calendar_name=name, event_uid=f"uid-{name}"))["title"] == "Shared"
    finally:
        await purge(alice, name)


async def test_a_calendar_shared_for_writing_takes_events_of_others(alice: Assistant, bob: Assistant, work: str, name: str) -> None:
    body = (
        '<o:share xmlns:d="DAV:" xmlns:o="http://owncloud.org/ns"><o:set>'
        f"<d:href>principal:principals/users/{await bob.session.uid()}</d:href><o:read-write/></o:set></o:share>"
    )
    headers = {"Content-Type": "application/xml; charset=utf-8"}
    await alice.session.request("POST", await path(alice, work), what="the share", headers=headers, data=body.encode())
    row = next(row for key, row in (await listed(bob)).items() if key.startswith(work))
    assert (row["read_only"], row["owner"]) == (False, await alice.session.uid())
    own = await fresh(bob)
    try:
        await put(bob, own, f"{name}.ics", event(name, "DTSTART:20270504T100000Z", f"SUMMARY:{name}"))
        moved = await bob.call(
            "nc_calendar_bulk_operations",
            operation="move",
            calendar_name=own,
            title_contains=name,
            target_calendar=row["name"],
            confirm=True,
        )
        assert (moved["moved_count"], moved["failed_count"]) == (1, 0)
    finally:
        await purge(bob, own)
    await bob.call("nc_calendar_update_event", calendar_name=row["name"], event_uid=name, title="by bob")
    assert (await alice.call("nc_calendar_get_event", calendar_name=work, event_uid=name))["title"] == "by bob"


async def test_a_subscription_is_shown_with_its_source_and_refuses_changes(alice: Assistant, name: str) -> None:
    body = (
        '<d:mkcol xmlns:d="DAV:" xmlns:s="http://calendarserver.org/ns/"><d:set><d:prop><d:resourcetype><d:collection/><s:subscribed/>'
        "</d:resourcetype><d:displayname>Holidays</d:displayname><s:source><d:href>webcal://example.org/h.ics</d:href></s:source>"
        "</d:prop></d:set></d:mkcol>"
    )
    headers = {"Content-Type": "application/xml; charset=utf-8"}
    await alice.session.request("MKCOL", await path(alice, name), what="the subscription", headers=headers, data=body.encode())
    try:
        row = (await listed(alice))[name]
        assert (row["display_name"], row["source"], row["read_only"]) == ("Holidays", "webcal://example.org/h.ics", True)
        assert (await alice.call("nc_calendar_list_events", calendar_name=name))["events"] == []
        text = await alice.error("nc_calendar_create_event", calendar_name=name, title="x", start_datetime="2027-05-04")
        assert "read-only" in text
    finally:
        assert "subscribe again" in (await manage(alice, "delete", calendar_name=name))["message"]
    assert name not in await listed(alice)


async def test_a_name_that_is_left_out_comes_from_the_display_name(alice: Assistant) -> None:
    shown = f"My {slug()} Plans!"
    made = await manage(alice, "create", display_name=shown)
    await purge(alice, made["name"])
    assert made["name"] == shown.lower().rstrip("!").replace(" ", "-")
