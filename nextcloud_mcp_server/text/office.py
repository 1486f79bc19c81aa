"""Word, PowerPoint, Excel (ECMA-376) and OpenDocument (ISO 26300) by zip and a streaming XML parser.

Nothing is unpacked whole: members are parsed as they are inflated, document types are refused (entity bombs), and
an archive that inflates beyond its limit is refused (zip bombs).
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from xml.parsers import expat

from nextcloud_mcp_server.text.model import Unreadable
from nextcloud_mcp_server.text.parse import Collector

INFLATED = 512 * 2**20
RATIO = 500
Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]


class Archive:
    """A zip file that gives its members out in pieces and refuses bombs."""

    def __init__(self, path: Path) -> None:
        try:
            self.zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            raise Unreadable("The office file is damaged.") from None
        self.names = frozenset(self.zip.namelist())
        self.left = min(INFLATED, max(32 * 2**20, path.stat().st_size * RATIO))

    def pieces(self, name: str) -> Iterator[bytes]:
        try:
            with self.zip.open(name) as member:
                while piece := member.read(65536):
                    self.left -= len(piece)
                    if self.left < 0:
                        raise Unreadable("The office file unpacks to far more than its size: it looks like a zip bomb.")
                    yield piece
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
            raise Unreadable(f"The office file is damaged or encrypted ({type(error).__name__}).") from None

    def parse(self, name: str, start: Start, end: End, text: Callable[[str], None]) -> None:
        """Runs handlers over one XML member; names arrive without their namespace."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = lambda tag, attrs: start(local(tag), {local(key): value for key, value in attrs.items()})
        parser.EndElementHandler = lambda tag: end(local(tag))
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse
        try:
            for piece in self.pieces(name):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise Unreadable(f"The office file holds damaged XML (line {error.lineno}).") from None

    def relations(self, part: str) -> dict[str, str]:
        """Relation id to member name, for one part of an OOXML package."""
        source = join(dirname(part), "_rels", part.rsplit("/", 1)[-1] + ".rels")
        found: dict[str, str] = {}

        def start(tag: str, attrs: Attributes) -> None:
            if tag == "Relationship" and attrs.get("TargetMode") != "External":
                target = attrs.get("Target", "")
                found[attrs.get("Id", "")] = target.lstrip("/") if target.startswith("/") else normpath(join(dirname(part), target))

        if source in self.names:
            self.parse(source, start, _nothing, _nothing)
        return found

    def listed(self, part: str, element: str) -> list[str]:
        """The members that `part` refers to by its `element`s, in their order."""
        relations = self.relations(part)
        found: list[str] = []

        def start(tag: str, attrs: Attributes) -> None:
            if tag == element:
                target = relations.get(attrs.get("relationships:id", ""), "")
                if target in self.names:
                    found.append(target)

        if part in self.names:
            self.parse(part, start, _nothing, _nothing)
        return found


def local(name: str) -> str:
    """`uri name` as `name`; relation ids keep a word of their namespace, since sheets have an id of another kind beside."""
    uri, _, short = name.rpartition(" ")
    return f"relationships:{short}" if short == "id" and uri.endswith("/relationships") else short


def _refuse(*_: object) -> None:
    raise Unreadable("The office file declares a document type, which no office program writes: it may be an entity bomb.")


def _nothing(*_: object) -> None:
    return None


class Paragraphs:
    """Collects runs of text into paragraphs; `marks` are elements that stand for a character."""

    def __init__(self, out: Collector, *, paragraph: frozenset[str], run: frozenset[str] | None, marks: dict[str, str]) -> None:
        self.out, self.paragraph, self.run, self.marks = out, paragraph, run, marks
        self.line: list[str] = []
        self.prefix = ""
        self.depth = 0
        self.cell = False

    def start(self, tag: str, attrs: Attributes) -> None:
        if self.run and tag in self.run:
            self.depth += 1
        elif tag in self.paragraph:
            self.prefix = "#" * _level(attrs.get("outline-level", "1")) + " " if tag == "h" else ""
            self.depth += self.run is None
        elif tag == "pStyle":
            heading = re.fullmatch(r"(?:Heading|Titre|berschrift|Überschrift|Ttulo|Titolo)\s?(\d)|Title", attrs.get("val", ""))
            self.prefix = "#" * _level(heading.group(1) or "1") + " " if heading else ""
        elif tag in self.marks:
            self.line.append(self.marks[tag] * min(_number(attrs.get("c", "1")), 8))
        elif tag in ("tc", "table-cell"):
            self.cell = True

    def end(self, tag: str) -> None:
        if self.run and tag in self.run:
            self.depth -= 1
        elif tag in self.paragraph:
            self.depth -= self.run is None
            self.flush()
        elif tag in ("tr", "table-row"):
            self.cell = False
            self.out.add("\n")

    def text(self, data: str) -> None:
        if self.depth > 0:
            self.line.append(data)

    def flush(self) -> None:
        line = "".join(self.line).strip()
        self.line.clear()
        if line:
            self.out.add(f"{line}\t" if self.cell else f"{self.prefix}{line}\n\n")
        self.prefix = ""


def _level(value: str) -> int:
    return min(6, max(1, _number(value)))


def _number(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) < 5 else 1


WORD_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def read_docx(path: Path, out: Collector) -> None:
    archive = Archive(path)
    if "word/document.xml" not in archive.names:
        raise Unreadable("The file is not a Word document.")
    _properties(archive, out, "docProps/core.xml")
    for part in ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "word/comments.xml"):
        if part in archive.names:
            reader = Paragraphs(out, paragraph=frozenset({"p"}), run=frozenset({"t"}), marks=WORD_MARKS)
            archive.parse(part, reader.start, reader.end, reader.text)


def read_pptx(path: Path, out: Collector) -> None:
    archive = Archive(path)
    slides = archive.listed("ppt/presentation.xml", "sldId")
    _properties(archive, out, "docProps/core.xml")
    for number, slide in enumerate(slides, 1):
        out.page(number, len(slides))
        notes = [part for part in archive.relations(slide).values() if "/notesSlides/" in part and part in archive.names]
        for part in (slide, *notes):
            reader = Paragraphs(out, paragraph=frozenset({"p"}), run=frozenset({"t"}), marks={"br": "\n", "tab": "\t"})
            archive.parse(part, reader.start, reader.end, reader.text)


def read_odf(path: Path, out: Collector) -> None:
    archive = Archive(path)
    if "content.xml" not in archive.names:
        raise Unreadable("The file is not an OpenDocument.")
    if "META-INF/manifest.xml" in archive.names and b"encryption-data" in b"".join(archive.pieces("META-INF/manifest.xml")):
        raise Unreadable("The document is encrypted.")
    _properties(archive, out, "meta.xml")
    marks = {"tab": "\t", "line-break": "\n", "s": " "}
    reader = Paragraphs(out, paragraph=frozenset({"p", "h"}), run=None, marks=marks)
    number = 0

    def start(tag: str, attrs: Attributes) -> None:
        nonlocal number
        if tag == "page" and "master-page-name" in attrs:
            number += 1
            out.page(number, 0)
        elif tag == "table" and "name" in attrs:
            out.add(f"## {attrs['name'][:200]}\n\n")
        reader.start(tag, attrs)

    archive.parse("content.xml", start, reader.end, reader.text)


def _properties(archive: Archive, out: Collector, part: str) -> None:
    """Title, author and subject (Dublin Core), where the file tells them."""
    names = {"title": "title", "creator": "author", "subject": "subject"}
    current = ""

    def start(tag: str, _: Attributes) -> None:
        nonlocal current
        current = names.get(tag, "")

    def text(data: str) -> None:
        if current and data.strip():
            out.metadata[current] = (out.metadata.get(current, "") + data)[:500].strip()

    if part in archive.names:
        archive.parse(part, start, lambda _: start("", {}), text)
