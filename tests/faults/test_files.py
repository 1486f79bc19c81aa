"""A Nextcloud that answers wrongly about files changes nothing, and the person reads why."""

import tracemalloc
from collections.abc import AsyncGenerator

import pytest

from nextcloud_mcp_server.core.page import cursor_for
from nextcloud_sandbox import faults
from nextcloud_sandbox.server import Running, running
from tests.support.assistant import Assistant, session

HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"
XML = "application/xml; charset=utf-8"
HALF = b'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"><d:response><d:href>/remote.php/dav/files/alice/a/</d:href>'
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>&b;</d:href></d:response></d:multistatus>'
)
READS = [
    ("nc_webdav_list_directory", {"path": "box"}),
    ("nc_webdav_search_files", {"scope": "box"}),
    ("nc_webdav_list_trash", {}),
    ("nc_webdav_list_versions", {"path": "box/a.txt"}),
    ("nc_webdav_list_comments", {"path": "box/a.txt"}),
    ("nc_webdav_search_files", {"tag": "any"}),
]


@pytest.fixture(scope="module")
async def sandbox() -> AsyncGenerator[Running]:
    async with running(seed=False) as served:
        yield served


@pytest.fixture
async def alice(sandbox: Running) -> AsyncGenerator[Assistant]:
    sandbox.sandbox.faults.clear()
    person = Assistant(session(sandbox.url, "alice", "alice"))
    await person.call("nc_webdav_create_directory", path="box")
    for name in ("a.txt", "a.pdf"):
        await person.call("nc_webdav_delete_resource", path=f"box/{name}")
        await person.call("nc_webdav_write_file", path=f"box/{name}", content="whole")
    yield person
    sandbox.sandbox.faults.clear()
    await person.session.transport.aclose()


@pytest.mark.parametrize(("tool", "arguments"), READS, ids=[f"{tool}-{n}" for n, (tool, _) in enumerate(READS)])
@pytest.mark.parametrize(
    ("body", "words"),
    [(HTML, "web page"), (BOMB, "document type"), (b"", "cut short"), (b"{}", "cut short or is not"), (HALF, "cut short")],
)
async def test_a_listing_of_another_kind_is_named(
    sandbox: Running, alice: Assistant, tool: str, arguments: dict[str, str], body: bytes, words: str
) -> None:
    sandbox.sandbox.faults.append(faults.answer("/dav", 207, body=body, headers={"Content-Type": XML}, times=None))
    text = await alice.error(tool, **arguments)
    assert words in text
    assert "remote.php" not in text
    assert "Please log in" not in text


async def test_a_listing_whose_connection_breaks_is_no_listing(sandbox: Running, alice: Assistant) -> None:
    sandbox.sandbox.faults.append(faults.cut_off("/dav/files", HALF, announced=5000, kind=XML))
    assert "cut short" in await alice.error("nc_webdav_list_directory", path="box")


@pytest.mark.parametrize("name", ["a.txt", "a.pdf"])
async def test_a_file_whose_body_is_cut_off_is_not_shown_in_part(sandbox: Running, alice: Assistant, name: str) -> None:
    kind = "text/plain" if name == "a.txt" else "application/pdf"
    sandbox.sandbox.faults.append(faults.cut_off(f"box/{name}", b"half of it", announced=5000, kind=kind))
    text = await alice.error("nc_webdav_read_file", path=f"box/{name}")
    assert "cut short" in text
    assert "half of it" not in text


async def test_a_write_whose_answer_never_comes_is_said_to_be_unknown_and_sent_once(sandbox: Running, alice: Assistant) -> None:
    fault = faults.close("box/new.txt", times=None, method="PUT")
    sandbox.sandbox.faults.append(fault)
    text = await alice.error("nc_webdav_write_file", path="box/new.txt", content="x")
    assert "may or may not have happened" in text
    assert fault.hits == 1


@pytest.mark.parametrize(
    ("status", "words"), [(423, "locked"), (507, "quota"), (403, "not permit"), (500, "failed"), (401, "credential"), (413, "too large")]
)
async def test_a_refused_write_says_why_and_changes_nothing(sandbox: Running, status: int, words: str) -> None:
    person = Assistant(session(sandbox.url, "bob", "bob"))
    try:
        await person.call("nc_webdav_list_directory")
        sandbox.sandbox.faults.append(faults.answer("refused.txt", status, method="PUT"))
        text = await person.error("nc_webdav_write_file", path="refused.txt", content="x")
        assert words in text
        assert "remote.php" not in text
    finally:
        sandbox.sandbox.faults.clear()
        await person.session.transport.aclose()


async def test_a_folder_of_ten_thousand_files_is_listed_page_by_page_in_little_memory(sandbox: Running, alice: Assistant) -> None:
    files = sandbox.sandbox.files("alice")
    files.mkdir("/many")
    for number in range(10_000):
        files.write(f"/many/a file with number {number}.txt", b"x" * (number % 7))
    tracemalloc.start()
    try:
        first = await alice.call("nc_webdav_list_directory", path="many")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000
    assert (len(first["files"]), first["total_count"], first["total_size"]) == (25, 10_000, sum(n % 7 for n in range(10_000)))
    assert first["files"][24]["name"] == "a file with number 24.txt"
    last = await alice.call("nc_webdav_list_directory", path="many", limit=500, cursor=cursor_for(9_700))
    assert (len(last["files"]), last["files"][-1]["name"], "next_cursor" in last) == (300, "a file with number 9999.txt", False)
