"""Writing loses nobody's work, and every refusal says why."""

import asyncio
from typing import Any

import pytest

from nextcloud_mcp_server.nextcloud.session import Policy
from tests.contract.test_files.conftest import Answers, again
from tests.support.assistant import Assistant, ToolFailed


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_new_file_reads_back_as_it_was_written(alice: Assistant, folder: str, slash: str) -> None:
    path = f"{slash}{folder}/a.txt"
    written = await alice.call("nc_webdav_write_file", path=path, content="Grüße\r\n\r\n😀 end")
    assert (written["path"], written["status_code"], written["created"], written["size"]) == (path, 201, True, 19)
    read = await alice.call("nc_webdav_read_file", path=path)
    assert (read["path"], read["content"], read["size"], read["content_format"]) == (path, "Grüße\r\n\r\n😀 end", 19, "text")
    assert (read["parse_status"], read["parsed"], read["parse_notes"], read["etag"]) == ("not_applicable", False, [], written["etag"])
    assert "encoding" not in read
    assert read["last_modified"].endswith("GMT")


@pytest.mark.parametrize(
    "title",
    [
        "with space.txt",
        "a&b=c.txt",
        "#hash.txt",
        "what?.txt",
        "100%.txt",
        "%41.txt",
        "ünï 空 😀.txt",
        "a+b.txt",
        "'q' \"d\".txt",
        "..dots..",
        "x" * 240,
    ],
)
async def test_a_name_survives_writing_listing_finding_moving_and_deleting(alice: Assistant, folder: str, title: str) -> None:
    path = f"{folder}/{title}"
    await alice.call("nc_webdav_write_file", path=path, content=title)
    (listed,) = (await alice.call("nc_webdav_list_directory", path=folder))["files"]
    assert (listed["name"], listed["path"]) == (title, path)
    assert [hit["path"] for hit in (await alice.call("nc_webdav_search_files", scope=folder))["results"]] == [path]
    await alice.call("nc_webdav_move_resource", source_path=path, destination_path=f"{path[:-5]}-moved")
    assert (await alice.call("nc_webdav_read_file", path=f"{path[:-5]}-moved"))["content"] == title
    assert (await alice.call("nc_webdav_delete_resource", path=f"{path[:-5]}-moved"))["status_code"] == 204


@pytest.mark.parametrize(
    "how", [{"encoding": "base64"}, {"encoding": "BASE64"}, {"content_type": "image/png;base64"}, {"content_type": "image/png; Base64"}]
)
async def test_binary_content_arrives_byte_for_byte(alice: Assistant, folder: str, how: dict[str, Any]) -> None:
    written = await alice.call("nc_webdav_write_file", path=f"{folder}/a.png", content="iVBO\nRw0KGgo=", **how)
    assert written["size"] == 8
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.png")
    assert (read["content"], read["encoding"], read["content_format"]) == ("iVBORw0KGgo=", "base64", "base64")
    assert (read["content_type"], read["parse_status"]) == ("image/png", "not_applicable")


async def test_without_an_etag_an_existing_file_stays(alice: Assistant, folder: str) -> None:
    first = await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="first")
    text = await alice.error("nc_webdav_write_file", path=f"{folder}/a.txt", content="second")
    assert "exists already" in text
    assert first["etag"] in text
    assert (await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt"))["content"] == "first"


@pytest.mark.parametrize("form", ["{}", '"{}"', 'W/"{}"', '"{}-gzip"'])
async def test_the_current_etag_replaces_the_file_in_whatever_form_it_came(alice: Assistant, folder: str, form: str) -> None:
    first = await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="first")
    second = await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="second", if_match=form.format(first["etag"]))
    assert (second["status_code"], second["created"], second["size"]) == (204, False, 6)
    assert (await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt"))["content"] == "second"


async def test_a_star_replaces_any_version_but_creates_nothing(alice: Assistant, folder: str) -> None:
    assert f"Not found: {folder}/a.txt" in await alice.error("nc_webdav_write_file", path=f"{folder}/a.txt", content="x", if_match="*")
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="first")
    assert not (await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="", if_match="*"))["created"]
    assert (await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt"))["content"] == ""


async def test_a_stale_etag_changes_nothing_and_tells_the_current_one(alice: Assistant, folder: str) -> None:
    first = await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="first")
    text = await alice.error("nc_webdav_write_file", path=f"{folder}/a.txt", content="lost", if_match="0123456789abcdef")
    assert "modified by someone else" in text
    assert first["etag"] in text
    assert (await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt"))["content"] == "first"
    assert "Not found" in await alice.error("nc_webdav_write_file", path=f"{folder}/b.txt", content="x", if_match=first["etag"])


@pytest.mark.parametrize("other", ["same length", "another length"])
async def test_a_write_of_somebody_else_within_the_same_second_is_seen(alice: Assistant, folder: str, raw: Answers, other: str) -> None:
    mine = await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="my contents")
    await raw("PUT", f"{folder}/a.txt", data=other.encode())
    text = await alice.error("nc_webdav_write_file", path=f"{folder}/a.txt", content="lost update", if_match=mine["etag"])
    assert "modified by someone else" in text
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt")
    assert read["content"] == other
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="after reading", if_match=read["etag"])
    assert (await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt"))["content"] == "after reading"


async def test_a_version_read_in_its_first_second_is_compared_too(alice: Assistant, folder: str, raw: Answers) -> None:
    await raw("PUT", f"{folder}/a.txt", data=b"one")
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt")
    await raw("PUT", f"{folder}/a.txt", data=b"two")
    assert "modified by someone else" in await alice.error(
        "nc_webdav_write_file", path=f"{folder}/a.txt", content="lost", if_match=read["etag"]
    )
    await raw("PUT", f"{folder}/b.txt", data=b"b")
    assert "modified by someone else" in await alice.error(
        "nc_webdav_move_resource",
        source_path=f"{folder}/b.txt",
        destination_path=f"{folder}/a.txt",
        overwrite=True,
        if_destination_match=read["etag"],
    )
    assert (await raw("GET", f"{folder}/a.txt")).body == b"two"


@pytest.mark.parametrize("existing", [False, True])
async def test_of_two_writers_who_race_one_wins_and_the_other_is_told(alice: Assistant, folder: str, existing: bool) -> None:
    path = f"{folder}/a.txt"
    condition = {"if_match": (await alice.call("nc_webdav_write_file", path=path, content="zero"))["etag"]} if existing else {}
    writes = [alice.call("nc_webdav_write_file", path=path, content=word, **condition) for word in ("one", "two")]
    answers = await asyncio.gather(*writes, return_exceptions=True)
    (failure,) = [str(one) for one in answers if isinstance(one, ToolFailed)]
    assert ("modified by someone else" if existing else "exists already") in failure
    winner = "two" if isinstance(answers[0], ToolFailed) else "one"
    assert (await alice.call("nc_webdav_read_file", path=path))["content"] == winner


async def test_every_write_gets_an_etag_of_its_own_within_one_second_too(alice: Assistant, folder: str) -> None:
    etags = [(await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="0"))["etag"]]
    for word in ("1", "2", "3"):
        etags.append((await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content=word, if_match=etags[-1]))["etag"])
    assert len(set(etags)) == 4
    for stale in etags[:-1]:
        await alice.error("nc_webdav_write_file", path=f"{folder}/a.txt", content="lost", if_match=stale)
    assert (await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt"))["content"] == "3"


async def test_a_missing_folder_is_named_and_nothing_is_made(alice: Assistant, folder: str) -> None:
    for tool, arguments in (
        ("nc_webdav_write_file", {"path": f"{folder}/no/a.txt", "content": "x"}),
        ("nc_webdav_create_directory", {"path": f"{folder}/no/deep"}),
    ):
        text = await alice.error(tool, **arguments)
        assert f"Folder not found: {folder}/no" in text
        assert "nc_webdav_create_directory" in text
    assert (await alice.call("nc_webdav_list_directory", path=folder))["files"] == []


async def test_a_folder_is_no_file_and_a_file_no_folder(alice: Assistant, folder: str) -> None:
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="x")
    for if_match in (None, "*"):
        assert "folder" in await alice.error("nc_webdav_write_file", path=folder, content="x", if_match=if_match)
    assert "is a folder" in await alice.error("nc_webdav_read_file", path=folder)
    assert "is a file" in await alice.error("nc_webdav_list_directory", path=f"{folder}/a.txt")
    assert "is a file" in await alice.error("nc_webdav_search_files", scope=f"{folder}/a.txt")


async def test_a_folder_is_created_once_and_then_said_to_exist(alice: Assistant, folder: str) -> None:
    assert (await alice.call("nc_webdav_create_directory", path=f"{folder}/in"))["status_code"] == 201
    second = await alice.call("nc_webdav_create_directory", path=f"/{folder}/in/")
    assert second["status_code"] == 405
    assert "exists already" in second["message"]


async def test_names_that_nextcloud_or_safety_forbids_are_refused_clearly(alice: Assistant, folder: str) -> None:
    for path in ("../other/a.txt", f"{folder}/../../a.txt", "a\\b.txt", "a\0b", "", "/"):
        text = await alice.error("nc_webdav_write_file", path=path, content="x")
        assert "remote.php" not in text


async def test_content_over_the_limit_or_not_base64_writes_nothing(alice: Assistant, folder: str) -> None:
    small = again(alice)
    small.session.policy = Policy(write_max_bytes=10)
    assert "more than the 10" in await small.error("nc_webdav_write_file", path=f"{folder}/a.txt", content="x" * 11)
    assert (await small.call("nc_webdav_write_file", path=f"{folder}/b.txt", content="x" * 10))["created"]
    assert "base64" in await alice.error("nc_webdav_write_file", path=f"{folder}/c.txt", content="%%%", encoding="base64")
    assert [one["name"] for one in (await alice.call("nc_webdav_list_directory", path=folder))["files"]] == ["b.txt"]


async def test_a_large_file_is_written_and_read_whole(alice: Assistant, folder: str) -> None:
    content = "0123456789abcdef\n" * 60_000
    written = await alice.call("nc_webdav_write_file", path=f"{folder}/large.txt", content=content)
    assert written["size"] == len(content)
    read: list[str] = []
    while sum(map(len, read)) < len(content):
        answer = await alice.call("nc_webdav_read_file", path=f"{folder}/large.txt", offset=sum(map(len, read)))
        assert ("note" in answer) is (sum(map(len, read)) + len(answer["content"]) < len(content))
        read.append(answer["content"])
    assert "".join(read) == content


async def test_nobody_reaches_another_persons_files(alice: Assistant, bob: Assistant, folder: str) -> None:
    path = f"{folder}/a.txt"
    await alice.call("nc_webdav_write_file", path=path, content="mine")
    assert "Not found" in await bob.error("nc_webdav_read_file", path=path)
    for if_match in (None, "*"):
        assert "ot found" in await bob.error("nc_webdav_write_file", path=path, content="x", if_match=if_match)
    assert (await bob.call("nc_webdav_delete_resource", path=path))["status_code"] == 404
    assert "Not found" in await bob.error("nc_webdav_move_resource", source_path=path, destination_path="stolen.txt")
    assert (await bob.call("nc_webdav_find_by_name", pattern=folder))["results"] == []
    assert (await alice.call("nc_webdav_read_file", path=path))["content"] == "mine"
