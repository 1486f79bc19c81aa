"""Moving, copying and deleting: nothing is overwritten unasked, and what is deleted comes back."""

import asyncio

import pytest

from tests.support.assistant import Assistant, ToolFailed

BOTH = pytest.mark.parametrize("tool", ["nc_webdav_move_resource", "nc_webdav_copy_resource"])


@pytest.fixture
async def pair(alice: Assistant, folder: str) -> dict[str, str]:
    """Two files: `source_path` with "source", `destination_path` with "destination"."""
    for word in ("source", "destination"):
        await alice.call("nc_webdav_write_file", path=f"{folder}/{word} é.txt", content=word)
    return {"source_path": f"{folder}/source é.txt", "destination_path": f"{folder}/destination é.txt"}


async def content(alice: Assistant, path: str) -> str:
    return (await alice.call("nc_webdav_read_file", path=path))["content"]


@BOTH
async def test_a_file_arrives_under_its_new_name(alice: Assistant, folder: str, pair: dict[str, str], tool: str) -> None:
    done = await alice.call(tool, source_path=f"/{pair['source_path']}", destination_path=f"{folder}/new #1.txt")
    assert (done["status_code"], done["overwrite"], done["destination_path"]) == (201, False, f"{folder}/new #1.txt")
    assert await content(alice, f"{folder}/new #1.txt") == "source"
    if tool == "nc_webdav_move_resource":
        assert "Not found" in await alice.error("nc_webdav_read_file", path=pair["source_path"])
    else:
        assert await content(alice, pair["source_path"]) == "source"


@BOTH
async def test_a_folder_goes_with_all_in_it(alice: Assistant, folder: str, pair: dict[str, str], tool: str) -> None:
    await alice.call("nc_webdav_create_directory", path=f"{folder}/in")
    await alice.call("nc_webdav_write_file", path=f"{folder}/in/a.txt", content="a")
    await alice.call(tool, source_path=f"{folder}/in", destination_path=f"{folder}/out")
    assert await content(alice, f"{folder}/out/a.txt") == "a"


@BOTH
async def test_what_is_there_stays_unless_overwriting_is_asked_for(alice: Assistant, pair: dict[str, str], tool: str) -> None:
    assert "exists already" in await alice.error(tool, **pair)
    assert await content(alice, pair["destination_path"]) == "destination"
    done = await alice.call(tool, **pair, overwrite=True)
    assert (done["status_code"], "trash" in done["message"]) == (204, True)
    assert await content(alice, pair["destination_path"]) == "source"


@BOTH
async def test_a_file_is_overwritten_only_in_the_version_that_was_read(alice: Assistant, pair: dict[str, str], tool: str) -> None:
    etag = (await alice.call("nc_webdav_read_file", path=pair["destination_path"]))["etag"]
    stale = await alice.error(tool, **pair, overwrite=True, if_destination_match="0123456789abcdef")
    assert "modified by someone else" in stale
    assert etag in stale
    assert await content(alice, pair["destination_path"]) == "destination"
    assert (await alice.call(tool, **pair, overwrite=True, if_destination_match=f'"{etag}"'))["status_code"] == 204
    assert await content(alice, pair["destination_path"]) == "source"


@BOTH
async def test_a_condition_that_means_nothing_is_refused(alice: Assistant, folder: str, pair: dict[str, str], tool: str) -> None:
    assert "only with overwrite" in await alice.error(tool, **pair, if_destination_match="abc")
    assert "takes an etag" in await alice.error(tool, **pair, overwrite=True, if_destination_match="*")
    assert "files only" in await alice.error(
        tool, source_path=pair["source_path"], destination_path=folder, overwrite=True, if_destination_match="abc"
    )
    missing = {"source_path": pair["source_path"], "destination_path": f"{folder}/none.txt"}
    assert "Not found" in await alice.error(tool, **missing, overwrite=True, if_destination_match="abc")


@BOTH
async def test_a_missing_source_or_folder_is_named(alice: Assistant, folder: str, pair: dict[str, str], tool: str) -> None:
    for destination in (f"{folder}/b.txt", f"{folder}/no/b.txt"):
        text = await alice.error(tool, source_path=f"{folder}/none.txt", destination_path=destination)
        assert f"Not found: {folder}/none.txt" in text
    text = await alice.error(tool, source_path=pair["source_path"], destination_path=f"{folder}/no/b.txt")
    assert f"Folder not found: {folder}/no" in text
    assert await content(alice, pair["source_path"]) == "source"


@BOTH
async def test_nothing_goes_into_itself_or_out_of_the_files(alice: Assistant, folder: str, pair: dict[str, str], tool: str) -> None:
    source = pair["source_path"]
    for start, end in ((source, source), (source, f"/{source}/"), (folder, f"{folder}/in/it"), (source, "../x"), ("", "x"), (source, "/")):
        text = await alice.error(tool, source_path=start, destination_path=end, overwrite=True)
        assert "remote.php" not in text
    assert await content(alice, source) == "source"


async def test_of_two_who_move_one_file_one_wins(alice: Assistant, folder: str, pair: dict[str, str]) -> None:
    moves = [
        alice.call("nc_webdav_move_resource", source_path=pair["source_path"], destination_path=f"{folder}/{word}.txt")
        for word in ("one", "two")
    ]
    answers = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(answer, ToolFailed) for answer in answers) == 1, answers
    names = [item["name"] for item in (await alice.call("nc_webdav_list_directory", path=folder))["files"]]
    assert len([name for name in names if name in ("one.txt", "two.txt")]) == 1


async def test_a_deleted_file_comes_back_from_the_trash(alice: Assistant, bob: Assistant, folder: str, pair: dict[str, str]) -> None:
    deleted = await alice.call("nc_webdav_delete_resource", path=pair["source_path"])
    assert deleted["status_code"] == 204
    assert "nc_webdav_restore_trash" in deleted["message"]
    (item,) = (await alice.call("nc_webdav_list_trash", query=pair["source_path"].upper()))["results"]
    assert (item["path"], item["size"], item["is_directory"]) == (pair["source_path"], 6, False)
    assert item["deleted_at"].endswith("Z")
    assert (await bob.call("nc_webdav_list_trash", query=folder))["results"] == []
    assert "Not found in the trash" in await bob.error("nc_webdav_restore_trash", trash_id=item["trash_id"])
    assert (await alice.call("nc_webdav_restore_trash", trash_id=item["trash_id"]))["path"] == pair["source_path"]
    assert await content(alice, pair["source_path"]) == "source"
    assert "Not found in the trash" in await alice.error("nc_webdav_restore_trash", trash_id=item["trash_id"])


async def test_a_name_taken_meanwhile_is_told_when_restoring(alice: Assistant, folder: str, pair: dict[str, str]) -> None:
    await alice.call("nc_webdav_delete_resource", path=pair["source_path"])
    await alice.call("nc_webdav_write_file", path=pair["source_path"], content="newer")
    (item,) = (await alice.call("nc_webdav_list_trash", query=pair["source_path"]))["results"]
    restored = await alice.call("nc_webdav_restore_trash", trash_id=item["trash_id"])
    assert restored["path"] != pair["source_path"]
    assert pair["source_path"] in restored["message"]
    assert await content(alice, restored["path"]) == "source"
    assert await content(alice, pair["source_path"]) == "newer"


async def test_a_folder_comes_back_with_all_in_it(alice: Assistant, folder: str) -> None:
    await alice.call("nc_webdav_create_directory", path=f"{folder}/in")
    await alice.call("nc_webdav_write_file", path=f"{folder}/in/a.txt", content="a")
    await alice.call("nc_webdav_delete_resource", path=f"{folder}/in")
    page = await alice.call("nc_webdav_list_trash", query=folder, limit=1)
    assert (page["results"][0]["is_directory"], page["total"]) == (True, 1)
    await alice.call("nc_webdav_restore_trash", trash_id=page["results"][0]["trash_id"])
    assert await content(alice, f"{folder}/in/a.txt") == "a"


async def test_deleting_what_is_not_there_says_so(alice: Assistant, folder: str) -> None:
    gone = await alice.call("nc_webdav_delete_resource", path=f"{folder}/none.txt")
    assert gone["status_code"] == 404
    assert "nothing was deleted" in gone["message"]
    assert "root" in await alice.error("nc_webdav_delete_resource", path="/")


async def test_a_file_that_changed_is_not_deleted(alice: Assistant, folder: str, pair: dict[str, str]) -> None:
    text = await alice.error("nc_webdav_delete_resource", path=pair["source_path"], etag="0123456789abcdef")
    assert "modified by someone else" in text
    etag = (await alice.call("nc_webdav_read_file", path=pair["source_path"]))["etag"]
    assert etag in text
    assert (await alice.call("nc_webdav_delete_resource", path=pair["source_path"], etag=etag))["status_code"] == 204


async def test_an_older_version_becomes_current_and_the_present_one_is_kept(alice: Assistant, folder: str) -> None:
    path = f"{folder}/a.txt"
    first = await alice.call("nc_webdav_write_file", path=path, content="first version")
    second = await alice.call("nc_webdav_write_file", path=path, content="second", if_match=first["etag"])
    versions = await alice.call("nc_webdav_list_versions", path=path)
    assert versions["path"] == path
    (current,) = [version for version in versions["results"] if version.get("current")]
    (old,) = [version for version in versions["results"] if not version.get("current")]
    assert (current["size"], old["size"]) == (6, 13)
    stale = await alice.error("nc_webdav_restore_version", path=path, version_id=old["version_id"], etag=first["etag"])
    assert "modified by someone else" in stale
    restored = await alice.call("nc_webdav_restore_version", path=path, version_id=old["version_id"], etag=second["etag"])
    assert (restored["size"], await content(alice, path)) == (13, "first version")
    await alice.call("nc_webdav_restore_version", path=path, version_id=current["version_id"], etag=restored["etag"])
    assert await content(alice, path) == "second"


async def test_a_version_that_does_not_exist_is_named(alice: Assistant, folder: str) -> None:
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="a")
    assert "no version 12345" in await alice.error("nc_webdav_restore_version", path=f"{folder}/a.txt", version_id="12345")
    assert "folder" in await alice.error("nc_webdav_list_versions", path=folder)
