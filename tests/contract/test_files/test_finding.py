"""Listing and finding: every item once, filters before limits, whatever the number."""

import asyncio
from itertools import chain
from typing import Any

import pytest

from tests.support.assistant import Assistant


async def fill(alice: Assistant, folder: str, names: list[str]) -> None:
    await asyncio.gather(*(alice.call("nc_webdav_write_file", path=f"{folder}/{name}", content=name) for name in names))


async def pages(alice: Assistant, tool: str, field: str, **arguments: Any) -> list[list[str]]:
    found: list[list[str]] = []
    cursor = None
    while True:
        page = await alice.call(tool, cursor=cursor, **arguments)
        found.append([item["name"] for item in page[field]])
        cursor = page.get("next_cursor")
        if cursor is None:
            return found


async def test_an_empty_folder_is_an_empty_list(alice: Assistant, folder: str) -> None:
    listed = await alice.call("nc_webdav_list_directory", path=folder)
    assert (listed["files"], listed["total_count"], listed["files_count"], listed["directories_count"], listed["total_size"]) == (
        [],
        0,
        0,
        0,
        0,
    )
    found = await alice.call("nc_webdav_search_files", scope=folder)
    assert (found["results"], found["total_found"], found["scope"]) == ([], 0, folder)


@pytest.mark.parametrize("count", [3, 4])
async def test_a_full_page_and_one_more_item_page_rightly(alice: Assistant, folder: str, count: int) -> None:
    names = [f"{n}.txt" for n in range(count)]
    await fill(alice, folder, names)
    expected = [3] if count == 3 else [3, 1]
    for tool, field, where in (
        ("nc_webdav_list_directory", "files", {"path": folder}),
        ("nc_webdav_search_files", "results", {"scope": folder}),
        ("nc_webdav_find_by_name", "results", {"scope": folder, "pattern": "%"}),
        ("nc_webdav_find_by_type", "results", {"scope": folder, "mime_type": "text"}),
    ):
        found = await pages(alice, tool, field, limit=3, **where)
        assert [len(page) for page in found] == expected, tool
        assert sorted(chain.from_iterable(found)) == names, tool


async def test_twenty_six_items_are_two_pages_by_default(alice: Assistant, folder: str) -> None:
    await fill(alice, folder, [f"{n:02}.txt" for n in range(26)])
    first = await alice.call("nc_webdav_list_directory", path=folder)
    assert (len(first["files"]), first["total_count"]) == (25, 26)
    assert [len(page) for page in await pages(alice, "nc_webdav_search_files", "results", scope=folder)] == [25, 1]


async def test_a_listing_says_what_one_chooses_by(alice: Assistant, folder: str) -> None:
    await alice.call("nc_webdav_create_directory", path=f"{folder}/inner")
    written = await alice.call("nc_webdav_write_file", path=f"{folder}/a.md", content="# A")
    await alice.call("nc_webdav_write_file", path=f"{folder}/inner/deep.txt", content="deeper")
    listed = await alice.call("nc_webdav_list_directory", path=f"/{folder}/")
    inner, file = listed["files"]
    assert (listed["path"], listed["total_count"], listed["files_count"], listed["directories_count"]) == (f"/{folder}/", 2, 1, 1)
    assert listed["total_size"] == 3
    assert (inner["name"], inner["is_directory"], "size" in inner) == ("inner", True, False)
    assert (file["path"], file["size"], file["content_type"], file["etag"]) == (f"{folder}/a.md", 3, "text/markdown", written["etag"])
    assert file["url"].endswith(f"/index.php/f/{file['file_id']}")
    assert file["last_modified"].endswith("GMT")


async def test_a_listing_is_sorted_before_it_is_cut(alice: Assistant, folder: str) -> None:
    for name, length in (("b10.txt", 1), ("b9.txt", 30), ("a.txt", 20)):
        await alice.call("nc_webdav_write_file", path=f"{folder}/{name}", content="x" * length)
    for sort, names in (("name", ["a.txt", "b9.txt"]), ("SIZE", ["b9.txt", "a.txt"])):
        listed = await alice.call("nc_webdav_list_directory", path=folder, sort=sort, limit=2)
        assert [item["name"] for item in listed["files"]] == names


async def test_conditions_of_a_search_are_all_met(alice: Assistant, folder: str) -> None:
    await fill(alice, folder, ["a.txt", "b.txt", "a.png", "B.TXT.bak"])
    await alice.call("nc_webdav_create_directory", path=f"{folder}/a.txt.d")
    await alice.call("nc_webdav_set_favorite", path=f"{folder}/b.txt")

    async def found(**conditions: Any) -> list[str]:
        answer = await alice.call("nc_webdav_search_files", scope=folder, **conditions)
        assert answer["filters_applied"] == conditions
        return sorted(item["name"] for item in answer["results"])

    assert await found(name_pattern="%.txt") == ["a.txt", "b.txt"]
    assert await found(name_pattern="*.txt") == ["a.txt", "b.txt"]
    assert await found(name_pattern="a%", mime_type="text/%") == ["a.txt"]
    assert await found(mime_type="image/png") == ["a.png"]
    assert await found(only_favorites=True) == ["b.txt"]
    assert await found(only_favorites=True, name_pattern="a%") == []
    assert [item["name"] for item in (await alice.call("nc_webdav_find_by_name", pattern="A.TXT", scope=folder))["results"]] == ["a.txt"]


async def test_a_search_looks_into_folders_below_and_not_beside(alice: Assistant, folder: str, name: str) -> None:
    await alice.call("nc_webdav_create_directory", path=f"{folder}/one")
    await alice.call("nc_webdav_create_directory", path=f"{folder}/one two")
    await fill(alice, folder, [f"one/{name}.txt", f"one two/{name}.txt", f"{name}.txt"])
    hits = await alice.call("nc_webdav_find_by_name", pattern=f"{name}.txt", scope=f"{folder}/one")
    assert [item["path"] for item in hits["results"]] == [f"{folder}/one/{name}.txt"]
    everywhere = await alice.call("nc_webdav_find_by_name", pattern=f"{name}.txt")
    assert everywhere["total_found"] == 3


@pytest.mark.parametrize("mime_type", ["%", "application/vnd%", "", "text/%/x"])
async def test_a_type_that_cannot_be_searched_is_refused(alice: Assistant, mime_type: str) -> None:
    assert "mime_type" in await alice.error("nc_webdav_find_by_type", mime_type=mime_type)


async def test_a_favourite_is_listed_until_it_is_none(alice: Assistant, bob: Assistant, folder: str) -> None:
    await fill(alice, folder, ["a.txt", "b.txt"])
    assert (await alice.call("nc_webdav_set_favorite", path=f"/{folder}/a.txt"))["is_favorite"] is True
    (hit,) = (await alice.call("nc_webdav_list_favorites", scope=folder))["results"]
    assert (hit["name"], hit["is_favorite"]) == ("a.txt", True)
    assert all(item["path"] != hit["path"] for item in (await bob.call("nc_webdav_list_favorites"))["results"])
    await alice.call("nc_webdav_set_favorite", path=f"{folder}/a.txt", favorite=False)
    assert (await alice.call("nc_webdav_list_favorites", scope=folder))["results"] == []
    assert "Not found" in await alice.error("nc_webdav_set_favorite", path=f"{folder}/c.txt")


async def test_a_missing_path_is_named_with_names_like_it(alice: Assistant, folder: str) -> None:
    await fill(alice, folder, ["Report 2026.md"])
    for tool, argument in (
        ("nc_webdav_read_file", "path"),
        ("nc_webdav_list_directory", "path"),
        ("nc_webdav_search_files", "scope"),
        ("nc_webdav_list_versions", "path"),
        ("nc_webdav_list_comments", "path"),
    ):
        text = await alice.error(tool, **{argument: f"{folder}/report 2025.md"})
        assert f"ot found: {folder}/report 2025.md" in text
        assert f"{folder}/Report 2026.md" in text
        assert "remote.php" not in text
    assert f"there is no folder {folder}/no" in await alice.error("nc_webdav_read_file", path=f"{folder}/no/a.txt")


async def test_a_cursor_from_elsewhere_is_refused(alice: Assistant, folder: str) -> None:
    for tool, argument in (("nc_webdav_list_directory", "path"), ("nc_webdav_search_files", "scope")):
        assert "cursor" in await alice.error(tool, **{argument: folder}, cursor="made up")
