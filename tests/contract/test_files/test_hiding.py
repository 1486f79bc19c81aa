"""What an administrator hides by tag does not exist for any tool, nor does anything in it."""

from dataclasses import dataclass
from typing import Any

import pytest

from nextcloud_sandbox import faults
from tests.contract.conftest import Place
from tests.contract.test_files.conftest import TAG, again, tag
from tests.support.assistant import Assistant

WORDS = "hidden words"


@dataclass
class Scene:
    """`open.txt`, `secret.txt` (tagged) and `vault` (tagged) with `deep/file.txt`; `limited` works where the tag hides."""

    folder: str
    limited: Assistant

    @property
    def paths(self) -> list[str]:
        return [f"{self.folder}/{name}" for name in ("secret.txt", "vault", "vault/deep", "vault/deep/file.txt", "VAULT/deep/file.txt")]


@pytest.fixture
async def scene(alice: Assistant, folder: str) -> Scene:
    for path in ("vault", "vault/deep"):
        await alice.call("nc_webdav_create_directory", path=f"{folder}/{path}")
    for path in ("open.txt", "secret.txt", "vault/deep/file.txt"):
        await alice.call("nc_webdav_write_file", path=f"{folder}/{path}", content=WORDS)
    for path in ("secret.txt", "vault"):
        await tag(alice, f"{folder}/{path}", TAG)
    return Scene(folder, again(alice, TAG.upper()))


async def test_hidden_things_are_not_listed_found_or_counted(scene: Scene) -> None:
    listed = await scene.limited.call("nc_webdav_list_directory", path=scene.folder)
    assert [item["name"] for item in listed["files"]] == ["open.txt"]
    assert (listed["total_count"], listed["directories_count"], listed["total_size"]) == (1, 0, len(WORDS))
    for tool, more in (("search_files", {}), ("find_by_name", {"pattern": "%"}), ("find_by_type", {"mime_type": "text/plain"})):
        found = await scene.limited.call(f"nc_webdav_{tool}", scope=scene.folder, limit=1, **more)
        assert ([hit["name"] for hit in found["results"]], found["total_found"]) == (["open.txt"], 1), tool
        assert "next_cursor" not in found, tool


@pytest.mark.parametrize(
    ("tool", "argument", "more"),
    [
        ("list_directory", "path", {}),
        ("read_file", "path", {}),
        ("search_files", "scope", {}),
        ("write_file", "path", {"content": "x", "if_match": "*"}),
        ("move_resource", "source_path", {"destination_path": "elsewhere.txt"}),
        ("copy_resource", "source_path", {"destination_path": "elsewhere.txt"}),
        ("set_favorite", "path", {}),
        ("tag_file", "path", {"add": ["mcp-test-shown"]}),
        ("list_comments", "path", {}),
        ("create_comment", "path", {"message": "x"}),
        ("list_versions", "path", {}),
        ("restore_version", "path", {"version_id": "1"}),
    ],
)
async def test_no_tool_reaches_a_hidden_path(scene: Scene, tool: str, argument: str, more: dict[str, Any]) -> None:
    for path in scene.paths:
        text = await scene.limited.error(f"nc_webdav_{tool}", **{argument: path}, **more)
        assert f"ot found: {path}" in text
        assert "secret.txt" not in text.replace(path, "")
        assert WORDS not in text


async def test_nothing_is_put_into_or_over_a_hidden_place(scene: Scene, alice: Assistant) -> None:
    source = f"{scene.folder}/open.txt"
    for path in (f"{scene.folder}/vault/new.txt", f"{scene.folder}/secret.txt"):
        await scene.limited.error("nc_webdav_write_file", path=path, content="x")
        for tool in ("move", "copy"):
            await scene.limited.error(f"nc_webdav_{tool}_resource", source_path=source, destination_path=path, overwrite=True)
    await scene.limited.error("nc_webdav_create_directory", path=f"{scene.folder}/vault/new")
    assert (await alice.call("nc_webdav_read_file", path=f"{scene.folder}/secret.txt"))["content"] == WORDS
    assert (await alice.call("nc_webdav_list_directory", path=f"{scene.folder}/vault"))["total_count"] == 1


async def test_hidden_things_are_neither_deleted_nor_copied_with_their_folder(scene: Scene, alice: Assistant) -> None:
    for path in scene.paths:
        assert (await scene.limited.call("nc_webdav_delete_resource", path=path))["status_code"] == 404
    assert "keeps from tools" in await scene.limited.error("nc_webdav_delete_resource", path=scene.folder)
    text = await scene.limited.error("nc_webdav_copy_resource", source_path=scene.folder, destination_path=f"{scene.folder} copy")
    assert "keeps from tools" in text
    assert (await alice.call("nc_webdav_list_directory", path=scene.folder))["total_count"] == 3


async def test_hidden_things_stay_hidden_when_their_folder_moves(scene: Scene, alice: Assistant) -> None:
    await alice.call("nc_webdav_create_directory", path=f"{scene.folder}/outer")
    await alice.call("nc_webdav_move_resource", source_path=f"{scene.folder}/vault", destination_path=f"{scene.folder}/outer/vault")
    limited = again(alice, TAG)
    await limited.call("nc_webdav_move_resource", source_path=f"{scene.folder}/outer", destination_path=f"{scene.folder}/moved")
    assert (await limited.call("nc_webdav_list_directory", path=f"{scene.folder}/moved"))["files"] == []
    assert "ot found" in await limited.error("nc_webdav_read_file", path=f"{scene.folder}/moved/vault/deep/file.txt")


async def test_hidden_things_in_the_trash_stay_hidden(scene: Scene, alice: Assistant) -> None:
    for name in ("secret.txt", "vault/deep/file.txt", "open.txt"):
        await alice.call("nc_webdav_delete_resource", path=f"{scene.folder}/{name}")
    everything = (await alice.call("nc_webdav_list_trash", query=scene.folder))["results"]
    assert len(everything) == 3
    limited = again(alice, TAG)
    seen = (await limited.call("nc_webdav_list_trash", query=scene.folder))["results"]
    assert [item["path"] for item in seen] == [f"{scene.folder}/open.txt"]
    for item in everything:
        if item["path"] != f"{scene.folder}/open.txt":
            assert "Not found in the trash" in await limited.error("nc_webdav_restore_trash", trash_id=item["trash_id"])


async def test_without_a_hiding_tag_nothing_is_hidden_and_nothing_more_is_asked(scene: Scene, alice: Assistant) -> None:
    plain = again(alice)
    await plain.call("nc_webdav_list_directory", path=scene.folder)
    before = plain.session.transport.sent
    assert (await plain.call("nc_webdav_list_directory", path=scene.folder))["total_count"] == 3
    assert plain.session.transport.sent == before + 1


async def test_the_tags_are_asked_for_once_for_many_calls(scene: Scene) -> None:
    await scene.limited.call("nc_webdav_list_directory", path=scene.folder)
    before = scene.limited.session.transport.sent
    await scene.limited.call("nc_webdav_list_directory", path=scene.folder)
    assert scene.limited.session.transport.sent == before + 1


async def test_when_nextcloud_cannot_tell_the_tags_the_call_fails(place: Place, scene: Scene, alice: Assistant) -> None:
    if place.sandbox is None:
        pytest.skip("a real Nextcloud cannot be made to fail")
    for path in ("/systemtags", "/dav/files/"):
        fault = faults.answer(path, 500, times=None, method="PROPFIND" if "tags" in path else "REPORT")
        place.sandbox.sandbox.faults.append(fault)
        try:
            limited = again(alice, TAG)
            text = await limited.error("nc_webdav_read_file", path=f"{scene.folder}/secret.txt")
            assert WORDS not in text
            assert "hide files" in text
        finally:
            place.sandbox.sandbox.faults.remove(fault)
