"""Notes, attachments of cards and shares of files that an administrator hides by a tag."""

import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from tests.support.assistant import Assistant, ToolFailed


@dataclass
class Marked:
    """Alice, and alice behind servers that hide what carries the tag."""

    alice: Assistant
    tag: str

    def bounded(self) -> Assistant:
        session, policy = self.alice.session, Policy(excluded_tags=frozenset({self.tag}))
        return Assistant(Session(session.transport, session.credential, Cache(), policy=policy))

    async def hide(self, path: str) -> None:
        await self.alice.call("nc_webdav_tag_file", path=path, add=[self.tag])


@pytest.fixture
def marked(alice: Assistant, name: str) -> Marked:
    return Marked(alice, name)


@pytest.fixture
async def file(alice: Assistant, name: str) -> AsyncGenerator[str]:
    path = f"{name}.txt"
    await alice.call("nc_webdav_write_file", path=path, content="x")
    yield path
    with suppress(ToolFailed):
        await alice.call("nc_webdav_delete_resource", path=path)


@pytest.fixture
async def notes_folder(alice: Assistant) -> str:
    settings = await alice.session.request("GET", "/index.php/apps/notes/api/v1/settings", what="settings")
    return settings.json()["notesPath"]


@pytest.fixture
async def note(alice: Assistant, name: str) -> AsyncGenerator[int]:
    made = await alice.call("nc_notes_create_note", title=name, content="quiet words", category=name)
    yield made["id"]
    with suppress(ToolFailed):
        await alice.call("nc_notes_delete_note", note_id=made["id"])


@pytest.mark.parametrize("what", ["note", "folder"])
async def test_a_note_whose_file_or_folder_is_hidden_does_not_exist(
    marked: Marked, note: int, notes_folder: str, name: str, what: str
) -> None:
    shown = await marked.bounded().call("nc_notes_search_notes", query=name)
    assert [hit["id"] for hit in shown["results"]] == [note]
    listed = await marked.alice.call("nc_webdav_list_directory", path=f"{notes_folder}/{name}")
    await marked.hide(listed["files"][0]["path"] if what == "note" else f"{notes_folder}/{name}")
    bounded = marked.bounded()
    assert (await bounded.call("nc_notes_search_notes", query=name))["results"] == []
    assert note not in [hit["id"] for hit in (await bounded.call("nc_notes_search_notes", limit=500))["results"]]
    for tool, more in (
        ("nc_notes_get_note", {}),
        ("nc_notes_update_note", {"content": "y", "etag": "z"}),
        ("nc_notes_append_content", {"content": "y"}),
        ("nc_notes_get_attachment", {"attachment_filename": "a.png"}),
        ("nc_notes_delete_note", {}),
    ):
        assert f"Note {note} not found" in await bounded.error(tool, note_id=note, **more)
    kept = await marked.alice.call("nc_notes_get_note", note_id=note)
    assert kept["content"] == "quiet words"


async def test_a_hidden_file_is_neither_attached_nor_listed_on_a_card(marked: Marked, file: str, name: str) -> None:
    alice = marked.alice
    board = (await alice.call("deck_create_board", title=name, color="ff0000"))["id"]
    stack = (await alice.call("deck_create_stack", board_id=board, title="a", order=1))["id"]
    card = (await alice.call("deck_create_card", board_id=board, stack_id=stack, title="b"))["id"]
    at = {"board_id": board, "stack_id": stack, "card_id": card}
    await alice.call("deck_attach_file", card_id=card, path=file)
    await marked.hide(file)
    assert len((await alice.call("deck_list_attachments", **at))["results"]) == 1
    assert (await marked.bounded().call("deck_list_attachments", **at))["results"] == []
    assert f"Not found: /{file}" in await marked.bounded().error("deck_attach_file", card_id=card, path=file)
    await alice.session.request("DELETE", f"/index.php/apps/deck/api/v1.1/boards/{board}", what="the test's board")


async def test_shares_of_a_hidden_file_do_not_exist(marked: Marked, bob: Assistant, file: str) -> None:
    other = await bob.session.uid()
    share = json.loads((await marked.alice.call("nc_share_create", path=file, share_with=other))["result"])
    await marked.hide(file)
    bounded, id = marked.bounded(), int(share["id"])
    assert share["id"] not in [one["id"] for one in json.loads((await bounded.call("nc_share_list", limit=500))["result"])]
    assert "Not found" in await bounded.error("nc_share_list", path=file)
    assert "Not found" in await bounded.error("nc_share_create", path=file, share_type=3)
    assert "Not found" in await bounded.error("nc_share_create_public_link", path=file)
    for tool, more in (("nc_share_get", {}), ("nc_share_update", {"note": "n"}), ("nc_share_delete", {})):
        assert f"Share {id} not found" in await bounded.error(tool, share_id=id, **more)
    assert json.loads((await marked.alice.call("nc_share_get", share_id=id))["result"])["share_with"] == other
