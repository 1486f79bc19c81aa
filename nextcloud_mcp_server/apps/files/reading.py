"""Reads a file the way an assistant can use it: text, a document's text, or base64."""

import base64
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nextcloud_mcp_server.apps.files.client import Files, Opened
from nextcloud_mcp_server.apps.files.content import decoded, markdown
from nextcloud_mcp_server.apps.files.models import ReadFile
from nextcloud_mcp_server.apps.files.recent import Content
from nextcloud_mcp_server.core.errors import NextcloudError, TooLarge
from nextcloud_mcp_server.core.text import cut
from nextcloud_mcp_server.core.tools import Progress
from nextcloud_mcp_server.text import Readers, readable_type
from nextcloud_mcp_server.text.types import kind_of

RAW_MAX = 5 * 2**20
PROCESSORS = {"pdf": "pypdfium2", "office": "embedded", "html": "embedded", "ocr": "tesseract"}
Mode = Literal["auto", "markdown", "raw"]


@dataclass(frozen=True)
class Reading:
    """One read of one file: by which engines and how to parse it, from which character to show it, whom to tell about progress."""

    files: Files
    readers: Readers
    mode: Mode
    offset: int
    progress: Progress

    async def read(self, path: str) -> ReadFile:
        """Raises NotFound; what cannot be parsed or is too large is told in the answer."""
        with tempfile.TemporaryDirectory(prefix="file-") as folder:
            saved = Path(folder) / "file"
            async with self.files.open(path) as file:
                answer = _about(file)
                if not self._is_document(file.content_type):
                    return await self._plain(file, answer)
                if self.mode == "raw":
                    return await self._plain(file, answer.model_copy(update={"parse_status": "skipped"}))
                try:
                    answer.size = await save(file, saved, self.readers.limits.bytes)
                except TooLarge as error:
                    return _not_parsed(answer, error)
            return await self._parsed(saved, answer)

    async def _plain(self, file: Opened, answer: ReadFile) -> ReadFile:
        if (file.size or 0) > RAW_MAX:
            return _too_large(answer)
        data = bytearray()
        async for piece in file.body:
            data += piece
            if len(data) > RAW_MAX:
                return _too_large(answer)
        if file.young:
            self.files.saw(file.path, file.etag, Content(len(data), hashlib.sha1(data, usedforsecurity=False).hexdigest()))
        return self._shown(data, answer.model_copy(update={"size": len(data)}))

    def _shown(self, data: bytes | bytearray, answer: ReadFile) -> ReadFile:
        """The bytes as text where they are text, else as base64; documents always as base64."""
        found = decoded(data, answer.content_type) if answer.parse_status == "not_applicable" else None
        if found is None:
            raw = {"content": base64.b64encode(data).decode(), "encoding": "base64", "content_format": "base64"}
            return answer.model_copy(update=raw)
        text, encoding = found
        piece = cut(text, self.offset)
        notes = [*answer.parse_notes, *([encoding] if encoding else [])]
        return answer.model_copy(update={"content": piece.text, "note": piece.note, "parse_notes": notes})

    async def _parsed(self, saved: Path, answer: ReadFile) -> ReadFile:
        async def tell(done: int, total: int) -> None:
            await self.progress(done, total or None, "pages read")

        try:
            found = await self.readers.extract(saved, answer.content_type, progress=tell)
        except NextcloudError as error:
            failed = _not_parsed(answer, error)
            return _too_large(failed) if answer.size > RAW_MAX else self._shown(_bytes(saved), failed)
        structured = self.mode == "markdown"
        text = markdown(found.text, found.pages) if structured else found.text
        piece = cut(text, self.offset)
        about: dict[str, str | int] = {**found.metadata, **({"pages": len(found.pages)} if found.pages else {})}
        tier = "ocr" if found.tier == "ocr" else "structured" if structured else "fast"
        return answer.model_copy(
            update={
                "content": piece.text,
                "note": piece.note,
                "parsed": True,
                "parse_status": "parsed",
                "parse_tier": tier,
                "parse_processor": PROCESSORS.get(found.tier, found.tier),
                "content_format": "markdown" if structured else "text",
                "parse_notes": list(found.notes),
                "parsing_metadata": about or None,
            }
        )

    def _is_document(self, content_type: str) -> bool:
        """Whether text must be got out of a file of this type; out of web pages only where Markdown is wanted."""
        kind = kind_of(content_type)
        shown = kind == "plain" or (kind == "html" and self.mode != "markdown")
        return not shown and readable_type(content_type, self.readers.engines)


async def save(file: Opened, path: Path, most: int) -> int:
    """The bytes of a file on disk, piece by piece. Raises TooLarge over `most` of them."""
    size = 0
    with path.open("wb") as target:
        async for piece in file.body:
            size += len(piece)
            if max(size, file.size or 0) > most:
                raise TooLarge(f"It is larger than {most // 2**20} MiB, the limit for reading documents.", hint="Open it in Nextcloud.")
            target.write(piece)
    return size


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def _about(file: Opened) -> ReadFile:
    return ReadFile(
        path=file.path,
        content="",
        content_type=file.content_type,
        size=file.size or 0,
        etag=file.etag,
        last_modified=file.modified,
    )


def _not_parsed(answer: ReadFile, error: NextcloudError) -> ReadFile:
    return answer.model_copy(update={"parse_status": "failed", "parse_notes": [error.explain()]})


def _too_large(answer: ReadFile) -> ReadFile:
    note = f"larger than {RAW_MAX // 2**20} MiB: the content is not shown; the person can open it in Nextcloud"
    return answer.model_copy(update={"parse_notes": [*answer.parse_notes, note]})
