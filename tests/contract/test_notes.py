"""The Notes tools on a Nextcloud."""

import base64
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import pytest

from nextcloud_mcp_server.apps.notes.client import Notes
from tests.support.assistant import Assistant, ToolFailed


@pytest.fixture
async def note(alice: Assistant, name: str) -> AsyncGenerator[dict[str, Any]]:
    made = await alice.call("nc_notes_create_note", title=name, content="first line\n\nzebra crossing", category=f"{name}/inner")
    yield made
    with suppress(ToolFailed):
        await alice.call("nc_notes_delete_note", note_id=made["id"])


async def test_a_new_note_reads_back_as_it_was_written(alice: Assistant, note: dict[str, Any], name: str) -> None:
    read = await alice.call("nc_notes_get_note", note_id=note["id"])
    assert (read["title"], read["content"], read["category"]) == (name, "first line\n\nzebra crossing", f"{name}/inner")
    assert read["etag"] == note["etag"]
    assert read["url"].endswith(f"/index.php/apps/notes/note/{note['id']}")


async def test_an_update_changes_only_the_named_fields(alice: Assistant, note: dict[str, Any], name: str) -> None:
    await alice.call("nc_notes_update_note", note_id=note["id"], etag=note["etag"], category=f"{name}/moved")
    read = await alice.call("nc_notes_get_note", note_id=note["id"])
    assert (read["title"], read["content"], read["category"]) == (name, "first line\n\nzebra crossing", f"{name}/moved")


async def test_an_empty_text_clears_and_a_missing_one_keeps(alice: Assistant, note: dict[str, Any]) -> None:
    await alice.call("nc_notes_update_note", note_id=note["id"], content="", category=None)
    read = await alice.call("nc_notes_get_note", note_id=note["id"])
    assert read["content"] == ""
    assert read["category"].endswith("/inner")


async def test_a_stale_etag_changes_nothing_and_tells_the_current_one(alice: Assistant, note: dict[str, Any]) -> None:
    newer = await alice.call("nc_notes_update_note", note_id=note["id"], etag=note["etag"], content="newer")
    text = await alice.error("nc_notes_update_note", note_id=note["id"], etag=note["etag"], content="lost update")
    assert "modified by someone else" in text
    assert newer["etag"] in text
    assert (await alice.call("nc_notes_get_note", note_id=note["id"]))["content"] == "newer"


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', "{}-gzip", "{}"])
async def test_an_etag_is_taken_in_every_form_a_proxy_makes_of_it(alice: Assistant, note: dict[str, Any], form: str) -> None:
    saved = await alice.call("nc_notes_update_note", note_id=note["id"], etag=form.format(note["etag"]), content="with quotes")
    assert saved["etag"] != note["etag"]


async def test_two_writers_who_append_lose_nothing(alice: Assistant, note: dict[str, Any]) -> None:
    await alice.call("nc_notes_append_content", note_id=note["id"], content="one")
    await alice.call("nc_notes_append_content", note_id=note["id"], content="two")
    read = await alice.call("nc_notes_get_note", note_id=note["id"])
    assert read["content"] == "first line\n\nzebra crossing\n---\none\n---\ntwo"


async def test_a_search_finds_words_of_title_category_and_content(alice: Assistant, note: dict[str, Any], name: str) -> None:
    for query in (name, f"zebra {name}", "crossing zebra"):
        hits = (await alice.call("nc_notes_search_notes", query=query, limit=500))["results"]
        assert note["id"] in [hit["id"] for hit in hits], query


async def test_a_search_without_a_match_is_an_empty_list(alice: Assistant) -> None:
    found = await alice.call("nc_notes_search_notes", query="qqxzvkwjy")
    assert (found["results"], found["total_found"]) == ([], 0)


async def test_an_empty_query_pages_through_every_note(alice: Assistant, note: dict[str, Any]) -> None:
    seen: list[int] = []
    cursor = None
    while True:
        page = await alice.call("nc_notes_search_notes", query="", limit=7, cursor=cursor)
        assert len(page["results"]) <= 7
        seen += [hit["id"] for hit in page["results"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert note["id"] in seen
    assert len(seen) == len(set(seen)) == page["total_found"]


async def test_a_deleted_note_is_gone_and_the_answer_says_how_to_restore_it(alice: Assistant, note: dict[str, Any]) -> None:
    deleted = await alice.call("nc_notes_delete_note", note_id=note["id"])
    assert "nc_webdav_restore_trash" in deleted["message"]
    assert f"Note {note['id']} not found" in await alice.error("nc_notes_get_note", note_id=note["id"])


async def test_a_missing_note_is_named_in_every_error(alice: Assistant) -> None:
    for tool, more in (("get_note", {}), ("update_note", {"content": "x"}), ("append_content", {"content": "x"}), ("delete_note", {})):
        assert "Note 999999 not found" in await alice.error(f"nc_notes_{tool}", note_id=999999, **more)


async def test_nobody_reads_or_changes_another_persons_note(alice: Assistant, bob: Assistant, note: dict[str, Any]) -> None:
    await bob.error("nc_notes_get_note", note_id=note["id"])
    await bob.error("nc_notes_update_note", note_id=note["id"], content="mine now")
    await bob.error("nc_notes_delete_note", note_id=note["id"])
    assert (await alice.call("nc_notes_get_note", note_id=note["id"]))["content"].startswith("first line")


async def test_a_file_beside_a_note_is_its_attachment(alice: Assistant, bob: Assistant, note: dict[str, Any]) -> None:
    folder = f"{(await Notes(alice.session).settings())['notesPath']}/{note['category']}"
    picture = base64.b64encode(bytes(range(256))).decode()
    await alice.call("nc_webdav_write_file", path=f"{folder}/Plan ü & b.txt", content="attached", content_type="text/plain")
    await alice.call("nc_webdav_write_file", path=f"{folder}/p.png", content=picture, content_type="image/png", encoding="base64")
    read = await alice.call("nc_notes_get_attachment", note_id=note["id"], attachment_filename="Plan ü & b.txt")
    assert (read["data"], read["encoding"]) == ("attached", "utf-8")
    read = await alice.call("nc_notes_get_attachment", note_id=note["id"], attachment_filename="p.png")
    assert (read["data"], read["encoding"], read["mimeType"]) == (picture, "base64", "image/png")
    await bob.error("nc_notes_get_attachment", note_id=note["id"], attachment_filename="p.png")
    for missing in ("nothing.png", "../../p.png"):
        assert missing in await alice.error("nc_notes_get_attachment", note_id=note["id"], attachment_filename=missing)


async def test_a_deleted_note_comes_back_from_the_trash(alice: Assistant, name: str) -> None:
    note_id = (await alice.call("nc_notes_create_note", title=name, content="x"))["id"]
    await alice.call("nc_notes_delete_note", note_id=note_id)
    found = (await alice.call("nc_webdav_list_trash", query=name))["results"]
    await alice.call("nc_webdav_restore_trash", trash_id=found[0]["trash_id"])
    assert (await alice.call("nc_notes_get_note", note_id=note_id))["content"] == "x"
    await alice.call("nc_notes_delete_note", note_id=note_id)


async def test_a_note_whose_category_is_gone_comes_back_where_the_answer_says(alice: Assistant, note: dict[str, Any], name: str) -> None:
    await alice.call("nc_notes_delete_note", note_id=note["id"])
    found = [one for one in (await alice.call("nc_webdav_list_trash", query=name))["results"] if not one["is_directory"]]
    back = await alice.call("nc_webdav_restore_trash", trash_id=found[0]["trash_id"])
    if "gone" in back.get("message", ""):
        folder = (await Notes(alice.session).settings())["notesPath"]
        await alice.call("nc_webdav_move_resource", source_path=back["path"], destination_path=f"{folder}/{name}.md")
    assert (await alice.call("nc_notes_get_note", note_id=note["id"]))["content"] == "first line\n\nzebra crossing"


@pytest.mark.parametrize("category", ["Ä & b/c#d", "100%/x+y", "a'b"])
async def test_a_category_with_odd_characters_is_kept(alice: Assistant, name: str, category: str) -> None:
    made = await alice.call("nc_notes_create_note", title=f"{name} ü & #", content="x", category=f"{name}/{category}")
    read = await alice.call("nc_notes_get_note", note_id=made["id"])
    assert (read["title"], read["category"]) == (f"{name} ü & #", f"{name}/{category}")
    await alice.call("nc_notes_delete_note", note_id=made["id"])
