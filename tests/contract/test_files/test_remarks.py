"""Comments and tags on files."""

import pytest

from tests.contract.test_files.conftest import TAG, again, tag
from tests.support.assistant import Assistant

SHOWN = "mcp-test-shown"


@pytest.fixture
async def file(alice: Assistant, folder: str) -> str:
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="x")
    return f"{folder}/a.txt"


async def test_a_comment_is_trimmed_kept_and_read_back(alice: Assistant, file: str) -> None:
    made = await alice.call("nc_webdav_create_comment", path=file, message="  Grüße <b>&\n😀 ")
    assert (made["message"], made["path"]) == ("Grüße <b>&\n😀", file)
    listed = await alice.call("nc_webdav_list_comments", path=f"/{file}")
    (comment,) = listed["results"]
    assert (comment["id"], comment["message"], comment["actor_id"]) == (made["comment_id"], "Grüße <b>&\n😀", await alice.session.uid())
    assert (comment["actor_type"], comment["verb"]) == ("users", "comment")
    assert (listed["count"], listed["limit"], listed["offset"], listed["file_id"]) == (1, 25, 0, made["file_id"])


async def test_comments_come_newest_first_and_in_pages(alice: Assistant, file: str) -> None:
    made = [(await alice.call("nc_webdav_create_comment", path=file, message=str(n)))["comment_id"] for n in range(4)]
    first = await alice.call("nc_webdav_list_comments", path=file, limit=3)
    second = await alice.call("nc_webdav_list_comments", path=file, limit=3, cursor=first["next_cursor"])
    assert [one["id"] for one in first["results"] + second["results"]] == made[::-1]
    assert "next_cursor" not in second
    by_offset = await alice.call("nc_webdav_list_comments", path=file, limit=3, offset=3)
    assert (by_offset["results"], by_offset["offset"]) == (second["results"], 3)
    assert "next_cursor" not in await alice.call("nc_webdav_list_comments", path=file, limit=4)


async def test_a_comment_may_have_1000_characters_and_no_more(alice: Assistant, file: str) -> None:
    await alice.call("nc_webdav_create_comment", path=file, message=" " + "😀" * 1000 + "\n")
    assert "1001 characters" in await alice.error("nc_webdav_create_comment", path=file, message="x" * 1001)
    assert "empty" in await alice.error("nc_webdav_create_comment", path=file, message=" \n ")
    assert (await alice.call("nc_webdav_list_comments", path=file))["count"] == 1


async def test_nobody_comments_on_what_they_cannot_see(bob: Assistant, file: str, alice: Assistant) -> None:
    assert f"File not found: {file}" in await bob.error("nc_webdav_create_comment", path=file, message="hello")
    assert f"File not found: {file}" in await bob.error("nc_webdav_list_comments", path=file)
    assert (await alice.call("nc_webdav_list_comments", path=file))["results"] == []


async def test_tags_are_added_found_by_and_removed(alice: Assistant, folder: str, file: str) -> None:
    assert await tag(alice, file, SHOWN, SHOWN) == [SHOWN]
    assert await tag(alice, file, SHOWN) == [SHOWN]
    hits = await alice.call("nc_webdav_search_files", tag=SHOWN, scope=folder)
    assert [(hit["path"], hit["tags"]) for hit in hits["results"]] == [(file, [SHOWN])]
    assert (await alice.call("nc_webdav_search_files", tag=SHOWN, scope=folder, name_pattern="b%"))["results"] == []
    assert (await alice.call("nc_webdav_search_files", tag=SHOWN, scope=folder, mime_type="image/%"))["results"] == []
    (listed,) = (await alice.call("nc_webdav_list_directory", path=folder))["files"]
    assert listed["tags"] == [SHOWN]
    assert (await alice.call("nc_webdav_tag_file", path=file, remove=[SHOWN, "mcp-test-never-made"]))["tags"] == []
    assert "there is no tag" in (await alice.error("nc_webdav_search_files", tag="mcp-test-never-made")).lower()
    assert "neither add nor remove" in await alice.error("nc_webdav_tag_file", path=file)


async def test_a_tag_that_hides_is_not_for_tools(alice: Assistant, file: str) -> None:
    assert "set by people only" in await again(alice, TAG).error("nc_webdav_tag_file", path=file, add=[TAG.upper()])
    assert "Not found" in await alice.error("nc_webdav_tag_file", path=f"{file}.bak", add=[SHOWN])
