"""A poisoned file fails alone: the next one is read, by a new process where the old one died."""

import asyncio
import os
import signal
import zipfile
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
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


def object_pdf(*objects: bytes, prev: bool = False) -> bytes:
    """A PDF of these objects, the first one its catalog; with `prev` its table of objects says that it is itself the one before."""
    out, offsets = bytearray(b"%PDF-1.4\n"), list[int]()
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    before = b"/Prev %d " % start if prev else b""
    return bytes(out + b"trailer << /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, before, start))


def stream(raw: bytes, head: bytes = b"", filters: bytes = b"") -> bytes:
    return b"<< /Length %d %s %s >>\nstream\n%s\nendstream" % (len(raw), head, filters, raw)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>"
FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>"
TWICE = b"/Filter [/FlateDecode /FlateDecode]"
LOOPS = {
    "a page tree that holds itself": object_pdf(CATALOG, b"<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] >>"),
    "pages that hold one another": object_pdf(
        CATALOG, b"<< /Type /Pages /Count 9 /Kids [3 0 R] >>", b"<< /Type /Pages /Parent 2 0 R /Count 9 /Kids [2 0 R] >>"
    ),
    "a form that paints itself": object_pdf(CATALOG, PAGES, PAGE, stream(b"/X Do"), stream(b"/X Do /X Do", FORM)),
    "a table of objects before itself": object_pdf(CATALOG, PAGES, PAGE, stream(b"/X Do"), stream(b"", FORM), prev=True),
    "a stream whose length is itself": object_pdf(CATALOG, PAGES, PAGE, b"<< /Length 4 0 R >>\nstream\nx\nendstream", stream(b"", FORM)),
    "a count without pages": object_pdf(CATALOG, b"<< /Type /Pages /Count 2000000000 /Kids [] >>"),
}


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_pdf_that_goes_in_circles_ends(loop: str) -> None:
    async with Readers() as readers, asyncio.timeout(30):
        with suppress(Unreadable):
            found = await readers.extract(one(LOOPS[loop]), "application/pdf", Limits(seconds=5))
            assert not found.text.strip()
        await still_reads(readers)


async def test_a_pdf_bomb_is_bounded_in_memory_and_time() -> None:
    """A few kilobytes of a page that is half a gigabyte of blanks, packed twice."""
    packing = zlib.compressobj(1)
    inner = b"".join(packing.compress(b" " * 2**24) for _ in range(32)) + packing.flush()
    bomb = object_pdf(CATALOG, PAGES, PAGE, stream(zlib.compress(inner, 9), filters=TWICE), stream(b"", FORM))
    assert len(bomb) < 2**16
    async with Readers() as readers, asyncio.timeout(60):
        with suppress(Unreadable):
            found = await readers.extract(one(bomb), "application/pdf", Limits(seconds=10, memory=300 * 2**20))
            assert not found.text.strip()
        await still_reads(readers)


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
