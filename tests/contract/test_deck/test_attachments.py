"""Files on cards on a Nextcloud."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import pytest

from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.nextcloud.session import path_of
from tests.contract.test_deck.conftest import Desk
from tests.support.assistant import Assistant


async def dav(person: Assistant, method: str, path: str, data: bytes | None = None) -> None:
    url = f"/remote.php/dav/files/{await person.session.uid()}{path_of(path)}"
    await person.session.request(method, url, what=path, data=data)


@pytest.fixture
async def file(alice: Assistant, name: str) -> AsyncGenerator[str]:
    path = f"/{name} plän & #1.txt"
    await dav(alice, "PUT", path, b"the plan")
    yield path
    with suppress(NextcloudError):
        await dav(alice, "DELETE", path)


async def attachments(desk: Desk) -> list[dict[str, Any]]:
    return (await desk.call("deck_list_attachments"))["results"]


async def test_a_file_goes_on_a_card_and_off_again(desk: Desk, file: str) -> None:
    made = await desk.alice.call("deck_attach_file", card_id=desk.card, path=file)
    assert (made["card_id"], made["path"]) == (desk.card, file)
    page = await desk.call("deck_list_attachments")
    assert page["count"] == 1
    one = page["results"][0]
    assert (one["id"], one["cardId"], one["type"], one["data"]) == (made["attachment_id"], desk.card, "file", file[1:])
    assert one["extendedData"]["path"] == file
    assert (await desk.read())["attachments"][0]["id"] == made["attachment_id"]
    gone = await desk.call("deck_delete_attachment", attachment_id=made["attachment_id"])
    assert (gone["card_id"], gone["attachment_id"]) == (desk.card, made["attachment_id"])
    assert await attachments(desk) == []
    await dav(desk.alice, "GET", file)


async def test_a_path_may_leave_the_first_slash_out(desk: Desk, file: str) -> None:
    assert (await desk.alice.call("deck_attach_file", card_id=desk.card, path=file[1:]))["path"] == file


async def test_a_note_goes_on_a_card(desk: Desk, alice: Assistant, name: str) -> None:
    note = await alice.call("nc_notes_create_note", title=name, content="x", category=f"{name}/deep")
    made = await alice.call("deck_attach_note", card_id=desk.card, note_id=note["id"])
    assert made["path"].endswith(f"/{name}/deep/{name}.md")
    assert [one["extendedData"]["path"] for one in await attachments(desk)] == [made["path"]]
    await alice.call("nc_notes_delete_note", note_id=note["id"])


async def test_what_is_missing_is_named(desk: Desk, file: str) -> None:
    text = await desk.alice.error("deck_attach_file", card_id=desk.card, path="/no such file.txt")
    assert "'/no such file.txt' not found" in text
    assert "Card 99999999 not found" in await desk.alice.error("deck_attach_file", card_id=99999999, path=file)
    assert "Note 99999999 not found" in await desk.alice.error("deck_attach_note", card_id=desk.card, note_id=99999999)
    assert "Card 99999999 not found" in await desk.alice.error("deck_list_attachments", **{**desk.at, "card_id": 99999999})
    text = await desk.alice.error("deck_delete_attachment", **desk.at, attachment_id=99999999)
    assert f"Attachment 99999999 is not on card {desk.card}" in text


async def test_a_file_is_attached_only_once(desk: Desk, file: str) -> None:
    await desk.alice.call("deck_attach_file", card_id=desk.card, path=file)
    assert "attached to card" in await desk.alice.error("deck_attach_file", card_id=desk.card, path=file)
    assert len(await attachments(desk)) == 1


async def test_members_see_what_is_attached_and_others_do_not(desk: Desk, file: str, bob: Assistant, bobs_id: str) -> None:
    made = await desk.alice.call("deck_attach_file", card_id=desk.card, path=file)
    assert f"Board {desk.id} not found" in await bob.error("deck_list_attachments", **desk.at)
    await bob.error("deck_delete_attachment", **desk.at, attachment_id=made["attachment_id"])
    await desk.share(bobs_id, edit=False)
    assert [one["id"] for one in (await bob.call("deck_list_attachments", **desk.at))["results"]] == [made["attachment_id"]]
    await bob.error("deck_delete_attachment", **desk.at, attachment_id=made["attachment_id"])
    assert len(await attachments(desk)) == 1
