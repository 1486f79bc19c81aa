"""Tags, notifications, activity, status, Nextcloud's own search and file reminders on a Nextcloud."""

from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from nextcloud_mcp_server.nextcloud.session import Policy, Session
from tests.contract.conftest import Place
from tests.support.assistant import Assistant, ToolFailed


@pytest.fixture
async def folder(alice: Assistant, name: str) -> AsyncGenerator[str]:
    await alice.call("nc_webdav_create_directory", path=name)
    yield name
    with suppress(ToolFailed):
        await alice.call("nc_webdav_delete_resource", path=name)


def hiding(person: Assistant, tag: str) -> Assistant:
    """The same person where an administrator hides files with a tag."""
    session = person.session
    return Assistant(Session(session.transport, session.credential, type(session.cache)(), policy=Policy(excluded_tags=frozenset({tag}))))


async def file_in(person: Assistant, folder: str, name: str) -> str:
    path = f"{folder}/{name}"
    await person.call("nc_webdav_write_file", path=path, content="x")
    return path


# Tags


async def test_files_are_found_by_tag(alice: Assistant, bob: Assistant, folder: str, name: str) -> None:
    one, two = await file_in(alice, folder, "a & ü.txt"), await file_in(alice, folder, "c.txt")
    for path in (one, two, folder):
        await alice.call("nc_webdav_tag_file", path=path, add=[name])
    tags = (await alice.call("nc_systemtags_list_tags", limit=500))["tags"]
    (tag,) = [tag for tag in tags if tag["name"] == name]
    for known_as in (name, name.upper(), tag["id"]):
        found = await alice.call("nc_systemtags_list_files", tag=known_as)
        assert [file["path"] for file in found["files"]] == [f"/{folder}", f"/{one}", f"/{two}"]
        assert [(file["is_directory"], file.get("size")) for file in found["files"]] == [(True, None), (False, 1), (False, 1)]
        assert found["total"] == 3
    page = await alice.call("nc_systemtags_list_files", tag=name, limit=2)
    rest = await alice.call("nc_systemtags_list_files", tag=name, limit=2, cursor=page["next_cursor"])
    assert len(rest["files"]) == 1
    assert (await bob.call("nc_systemtags_list_files", tag=name))["files"] == []
    text = await alice.error("nc_systemtags_list_files", tag=f"{name}-not")
    assert "There is no tag" in text


async def test_hidden_files_do_not_exist_for_any_of_these_tools(alice: Assistant, folder: str, name: str) -> None:
    secret = await file_in(alice, folder, f"{name}-secret.txt")
    await alice.call("nc_webdav_tag_file", path=secret, add=[f"{name}-hide", name])
    guarded = hiding(alice, f"{name}-hide")
    assert f"{name}-hide" not in str(await guarded.call("nc_systemtags_list_tags", limit=500))
    assert (await guarded.call("nc_systemtags_list_files", tag=name))["files"] == []
    await guarded.error("nc_reminders_get", path=secret)
    await guarded.error("nc_reminders_set", path=secret, due="2033-01-01")
    for tool, items, arguments in (
        ("nc_unified_search", "results", {"query": f"{name}-secret", "providers": ["files"]}),
        ("nc_activity_list", "activities", {"filter": "self", "limit": 50}),
    ):
        assert f"{name}-secret.txt" in str((await alice.call(tool, **arguments))[items]), tool
        assert f"{name}-secret.txt" not in str((await guarded.call(tool, **arguments))[items]), tool


# Notifications


async def test_a_notification_is_listed_and_dismissed(alice: Assistant, bob: Assistant) -> None:
    made = await alice.session.ocs("POST", "/apps/notifications/api/v3/test/self", what="a notification")
    number = made["nid"]
    listed = (await alice.call("nc_notifications_list", limit=500))["notifications"]
    (one,) = [found for found in listed if found["notification_id"] == number]
    assert (one["app"], bool(one["subject"]), bool(one["datetime"])) == ("admin_notifications", True, True)
    assert f"Notification {number} not found" in await bob.error("nc_notifications_dismiss", notification_id=number)
    gone = await alice.call("nc_notifications_dismiss", notification_id=number)
    assert (gone["deleted_id"], gone["subject"]) == (number, one["subject"])
    assert f"Notification {number} not found" in await alice.error("nc_notifications_dismiss", notification_id=number)
    assert number not in [found["notification_id"] for found in (await alice.call("nc_notifications_list", limit=500))["notifications"]]


# Activity


async def test_what_a_person_did_is_in_the_activity(alice: Assistant, bob: Assistant, folder: str) -> None:
    me = await alice.session.uid()
    page = await alice.call("nc_activity_list", filter="self", limit=50)
    (event,) = [one for one in page["activities"] if folder in one["subject"]][:1]
    assert (event["user"], event["app"], event["type"]) == (me, "files", "file_created")
    assert event["datetime"]
    assert folder not in str((await bob.call("nc_activity_list"))["activities"])


async def test_the_activity_is_paged_by_nextcloud(alice: Assistant, folder: str) -> None:
    for number in range(3):
        await alice.call("nc_webdav_create_directory", path=f"{folder}/{number}")
        await alice.call("nc_webdav_delete_resource", path=f"{folder}/{number}")
    first = await alice.call("nc_activity_list", filter="files", limit=3)
    second = await alice.call("nc_activity_list", filter="files", limit=3, cursor=first["next_cursor"])
    ids = [one["activity_id"] for page in (first, second) for one in page["activities"]]
    assert ids == sorted(set(ids), reverse=True)
    assert second["activities"]


async def test_an_unknown_part_of_the_activity_is_told_with_those_there_are(alice: Assistant) -> None:
    text = await alice.error("nc_activity_list", filter="gossip")
    assert "'gossip'" in text
    assert "files" in text


async def test_the_end_of_the_activity_is_an_empty_page(place: Place, bob: Assistant) -> None:
    if place.sandbox is None:
        pytest.skip("somebody's activity does not end")
    cursor, pages = None, 0
    while True:
        page = await bob.call("nc_activity_list", limit=200, cursor=cursor)
        cursor, pages = page.get("next_cursor"), pages + 1
        if cursor is None:
            break
    assert pages < 50


# Status


@pytest.fixture
async def clean_status(alice: Assistant) -> AsyncGenerator[None]:
    await alice.call("nc_userstatus_set", status="online")
    await alice.call("nc_userstatus_clear")
    yield
    await alice.call("nc_userstatus_clear")
    await alice.call("nc_userstatus_set", status="online")


@pytest.mark.usefixtures("clean_status")
async def test_status_and_message_are_set_apart(alice: Assistant, bob: Assistant) -> None:
    me = await alice.session.uid()
    await alice.call("nc_userstatus_set", message="At lunch", icon="🍝", clear_at="2033-01-01T12:00:00Z")
    await alice.call("nc_userstatus_set", status="DND")
    seen = await bob.call("nc_userstatus_get", user_id=me)
    expected = {"user_id": me, "status": "dnd", "message": "At lunch", "icon": "🍝", "clear_at": "2033-01-01T12:00:00Z"}
    assert {key: seen[key] for key in expected} == expected
    changed = await alice.call("nc_userstatus_set", message="Back soon")
    assert {key: changed.get(key) for key in expected} == {**expected, "message": "Back soon"}
    changed = await alice.call("nc_userstatus_set", icon="", clear_at="")
    assert (changed["message"], changed.get("icon"), changed.get("clear_at")) == ("Back soon", None, None)
    cleared = await alice.call("nc_userstatus_clear")
    assert (cleared["status"], cleared.get("message")) == ("dnd", None)


@pytest.mark.usefixtures("clean_status")
async def test_a_status_that_cannot_be_is_refused(alice: Assistant) -> None:
    for wrong in ({}, {"status": "asleep"}, {"clear_at": "soon"}, {"message": "x", "clear_at": "2001-01-01"}, {"message": "x" * 81}):
        await alice.error("nc_userstatus_set", **wrong)
    assert (await alice.call("nc_userstatus_get")).get("message") is None


async def test_somebody_without_a_status_is_offline(alice: Assistant) -> None:
    seen = await alice.call("nc_userstatus_get", user_id="nobody-here")
    assert (seen["user_id"], seen["status"]) == ("nobody-here", "offline")


# Nextcloud's own search


async def test_the_search_finds_files_and_notes_at_once(alice: Assistant, bob: Assistant, folder: str, name: str) -> None:
    note = await alice.call("nc_notes_create_note", title=f"{name} note", content="x")
    known = [one["id"] for one in (await alice.call("nc_unified_list_providers"))["providers"]]
    assert {"files", "notes"} <= set(known)
    found = await alice.call("nc_unified_search", query=name, providers=["files", "notes"], limit=10)
    hits = {(hit["provider"], hit["title"]) for hit in found["results"]}
    assert {("files", folder), ("notes", f"{name} note")} <= hits
    (file,) = [hit for hit in found["results"] if hit["title"] == folder]
    assert file["path"] == f"/{folder}"
    assert file["url"].endswith(f"/f/{file['file_id']}")
    assert name not in str((await bob.call("nc_unified_search", query=name))["results"])
    everywhere = await alice.call("nc_unified_search", query=name)
    assert ("files", folder) in {(hit["provider"], hit["title"]) for hit in everywhere["results"]}
    await alice.call("nc_notes_delete_note", note_id=note["id"])


async def test_a_search_says_where_there_is_more_and_what_there_is_to_search(alice: Assistant, folder: str, name: str) -> None:
    for number in range(3):
        await file_in(alice, folder, f"{name}-{number}.txt")
    found = await alice.call("nc_unified_search", query=f"{name}-", providers=["files"], limit=2)
    assert (len(found["results"]), found["more_in"]) == (2, ["files"])
    text = await alice.error("nc_unified_search", query="x", providers=["fils"])
    assert "'fils'" in text
    assert "files" in text
    await alice.error("nc_unified_search", query=" ")


# Reminders


async def test_a_reminder_is_set_read_and_removed(alice: Assistant, bob: Assistant, folder: str) -> None:
    path = await file_in(alice, folder, "ü & x.txt")
    assert "due" not in await alice.call("nc_reminders_get", path=path)
    made = await alice.call("nc_reminders_set", path=f"/{path}", due="2033-01-01T10:00:00+01:00")
    assert (made["path"], made["due"]) == (f"/{path}", "2033-01-01T09:00:00Z")
    moved = await alice.call("nc_reminders_set", path=path, due="2033-02-01T10:00:00Z")
    assert moved["due"] == "2033-02-01T10:00:00Z" == (await alice.call("nc_reminders_get", path=path))["due"]
    await bob.error("nc_reminders_get", path=path)
    gone = await alice.call("nc_reminders_delete", path=path)
    assert (gone["due"], "nc_reminders_set" in gone["message"]) == ("2033-02-01T10:00:00Z", True)
    assert "There is no reminder" in await alice.error("nc_reminders_delete", path=path)


async def test_a_reminder_that_cannot_be_is_refused(alice: Assistant, folder: str) -> None:
    path = await file_in(alice, folder, "a.txt")
    for due, told in (("soon", "not a date"), ("2001-01-01", "in the past")):
        assert told in await alice.error("nc_reminders_set", path=path, due=due)
    assert f"{folder}/none.txt" in await alice.error("nc_reminders_set", path=f"{folder}/none.txt", due="2033-01-01")
    assert "due" not in await alice.call("nc_reminders_get", path=path)
