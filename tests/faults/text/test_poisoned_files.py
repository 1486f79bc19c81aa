"""A poisoned file fails alone: the next one is read, by a new process where the old one died."""

import os
import signal
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextcloud_mcp_server.text import Limits, Readers, Unreadable
from tests.unit.text.conftest import pdf

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
W = b'<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>'
TAIL = b"</w:t></w:r></w:p></w:body></w:document>"
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + W + b"&b;" + TAIL


async def one(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


def archive(path: Path, name: str, *pieces: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target, target.open(name, "w", force_zip64=True) as member:
        for piece in pieces:
            member.write(piece)
    return path


async def still_reads(readers: Readers) -> None:
    found = await readers.extract(one(pdf(["healthy"])), "application/pdf")
    assert found.text.strip() == "healthy"


async def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = archive(tmp_path / "bomb.docx", "word/document.xml", W, *[b"<!--" + b"x" * 2**20 + b"-->"] * 200, TAIL)
    assert bomb.stat().st_size < 2**20
    async with Readers() as readers:
        with pytest.raises(Unreadable, match="zip bomb"):
            await readers.extract(bomb, DOCX)
        await still_reads(readers)


async def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    async with Readers() as readers:
        with pytest.raises(Unreadable, match="entity bomb"):
            await readers.extract(archive(tmp_path / "a.docx", "word/document.xml", ENTITIES), DOCX)
        await still_reads(readers)


@pytest.mark.parametrize(
    ("raw", "mime_type"),
    [
        (b"not a pdf", "application/pdf"),
        (b"PK\x03\x04 broken", DOCX),
        (pdf(["x"])[:300], "application/pdf"),
        (b"", XLSX),
        (b"", "application/pdf"),
    ],
)
async def test_a_damaged_file_is_called_damaged(raw: bytes, mime_type: str) -> None:
    async with Readers() as readers:
        with pytest.raises(Unreadable, match="damaged"):
            await readers.extract(one(raw), mime_type)
        await still_reads(readers)


async def test_damaged_xml_inside_an_office_file_is_called_damaged(tmp_path: Path) -> None:
    async with Readers() as readers:
        with pytest.raises(Unreadable, match="damaged XML"):
            await readers.extract(archive(tmp_path / "a.docx", "word/document.xml", W, b"</broken>"), DOCX)


async def test_ten_thousand_pages_are_cut_with_a_note() -> None:
    async with Readers() as readers:
        found = await readers.extract(one(pdf(["page"] * 10_000)), "application/pdf")
    assert found.notes == ("cut after 2,000 of 10,000 pages",)
    assert found.text.count("page") == 2000


async def test_a_file_that_wants_more_memory_than_it_may_have_fails_alone() -> None:
    hungry = pdf(["x"], extra=b" " * (250 * 2**20))
    async with Readers() as readers:
        with pytest.raises(Unreadable, match="too much memory"):
            await readers.extract(one(hungry), "application/pdf", Limits(memory=300 * 2**20))
        await still_reads(readers)


async def test_a_file_that_never_ends_is_stopped_by_the_clock(tmp_path: Path) -> None:
    slow = tmp_path / "pipe.html"
    os.mkfifo(slow)
    async with Readers() as readers:
        with pytest.raises(Unreadable, match="longer than"):
            await readers.extract(slow, "text/html", Limits(seconds=0.2))
        await still_reads(readers)


async def test_a_killed_reader_takes_no_other_file_with_it() -> None:
    async with Readers() as readers:
        killed = False

        async def kill(_done: int, _total: int) -> None:
            nonlocal killed
            if not killed:
                killed = True
                os.kill(child_of(os.getpid()), signal.SIGKILL)

        with pytest.raises(Unreadable, match="broke the reader"):
            await readers.extract(one(pdf(["page"] * 2000)), "application/pdf", progress=kill)
        await still_reads(readers)


def child_of(parent: int) -> int:
    """The reading process of this test process."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                status = (folder / "stat").read_text().rpartition(")")[2].split()
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if int(status[1]) == parent and b"text.worker" in command:
                return int(folder.name)
    raise LookupError("no reader runs")
