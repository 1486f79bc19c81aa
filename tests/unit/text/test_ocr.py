"""Images and scanned pages go to Tesseract; a stand-in shows what it is called with."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextcloud_mcp_server.text import Engines, Readers, Tesseract, Unreadable
from tests.unit.text.conftest import pdf


async def pieces(part: bytes) -> AsyncIterator[bytes]:
    yield part


def stand_in(folder: Path, script: str) -> Tesseract:
    command = folder / "tesseract"
    command.write_text("#!/bin/sh\n" + script)
    command.chmod(0o755)
    return Tesseract(str(command), "deu+eng")


async def test_an_image_is_recognised_in_the_configured_languages_on_one_thread(tmp_path: Path) -> None:
    ocr = stand_in(tmp_path, 'echo "$@ threads=$OMP_THREAD_LIMIT secret=$NEXTCLOUD_PASSWORD read=$(wc -c)"')
    async with Readers(Engines(tesseract=ocr)) as readers:
        found = await readers.extract(pieces(b"\x89PNG..."), "image/png")
    assert found.text == "stdin stdout -l deu+eng threads=1 secret= read=7"
    assert found.tier == "ocr"


async def test_only_pages_without_text_are_recognised(tmp_path: Path) -> None:
    ocr = stand_in(tmp_path, 'head -c 2; echo " scanned"; cat > /dev/null')
    async with Readers(Engines(tesseract=ocr)) as readers:
        found = await readers.extract(pieces(pdf(["typed", ""])), "application/pdf")
    assert found.text.split("\n\n") == ["typed", "P5 scanned", ""]


async def test_a_failing_tesseract_tells_its_reason(tmp_path: Path) -> None:
    ocr = stand_in(tmp_path, 'cat > /dev/null; echo "Failed loading language deu" >&2; exit 1')
    async with Readers(Engines(tesseract=ocr)) as readers:
        with pytest.raises(Unreadable, match="Failed loading language deu"):
            await readers.extract(pieces(b"x"), "image/png")


async def test_a_missing_tesseract_is_named() -> None:
    async with Readers(Engines(tesseract=Tesseract("/nowhere/tesseract"))) as readers:
        with pytest.raises(Unreadable, match="/nowhere/tesseract"):
            await readers.extract(pieces(b"x"), "image/png")


@pytest.mark.skipif(not shutil.which("tesseract"), reason="Tesseract is not installed")
async def test_the_real_tesseract_reads_a_rendered_page() -> None:
    async with Readers(Engines(tesseract=Tesseract())) as readers:
        blank = await readers.extract(pieces(pdf([""])), "application/pdf")
    assert blank.text.strip() == ""
