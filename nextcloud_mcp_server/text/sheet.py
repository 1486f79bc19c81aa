"""Excel workbooks: a row a line, a sheet a page."""

from pathlib import Path

from nextcloud_mcp_server.text.model import Unreadable
from nextcloud_mcp_server.text.office import Archive, Attributes
from nextcloud_mcp_server.text.parse import Collector

WORKBOOK = "xl/workbook.xml"


def read_xlsx(path: Path, out: Collector) -> None:
    archive = Archive(path)
    if WORKBOOK not in archive.names:
        raise Unreadable("The file is not an Excel workbook.")
    strings = _shared(archive, out.limits.chars)
    titles = _titles(archive)
    sheets = archive.listed(WORKBOOK, "sheet")
    for number, sheet in enumerate(sheets, 1):
        out.page(number, len(sheets))
        out.add(f"## {titles[number - 1] if number <= len(titles) else f'Sheet {number}'}\n\n")
        reader = _Sheet(out, strings)
        archive.parse(sheet, reader.start, reader.end, reader.text)
        out.add("\n")


def _titles(archive: Archive) -> list[str]:
    found: list[str] = []

    def start(tag: str, attrs: Attributes) -> None:
        if tag == "sheet":
            found.append(attrs.get("name", "")[:200])

    archive.parse(WORKBOOK, start, lambda _: None, lambda _: None)
    return found


def _shared(archive: Archive, room: int) -> list[str]:
    """The table of texts that cells refer to by number, up to `room` characters."""
    found: list[str] = []
    parts: list[str] = []
    inside = False
    left = room

    def start(tag: str, _: Attributes) -> None:
        nonlocal inside
        inside = tag == "t"

    def end(tag: str) -> None:
        nonlocal inside
        if tag == "si":
            found.append("".join(parts))
            parts.clear()
        inside = False

    def text(data: str) -> None:
        nonlocal left
        if inside and left > 0:
            parts.append(data)
            left -= len(data)

    if "xl/sharedStrings.xml" in archive.names:
        archive.parse("xl/sharedStrings.xml", start, end, text)
    return found


class _Sheet:
    def __init__(self, out: Collector, strings: list[str]) -> None:
        self.out, self.strings = out, strings
        self.row: list[str] = []
        self.value: list[str] = []
        self.kind = ""
        self.inside = False

    def start(self, tag: str, attrs: Attributes) -> None:
        if tag == "c":
            self.kind = attrs.get("t", "n")
            self.value.clear()
        self.inside = tag == "v" or (tag == "t" and self.kind == "inlineStr")

    def end(self, tag: str) -> None:
        self.inside = False
        if tag == "c":
            self.row.append(self._cell("".join(self.value)))
        elif tag == "row":
            line = "\t".join(self.row).strip("\t")
            self.row.clear()
            if line:
                self.out.add(line + "\n")

    def text(self, data: str) -> None:
        if self.inside:
            self.value.append(data)

    def _cell(self, value: str) -> str:
        if self.kind == "s":
            return self.strings[int(value)] if value.isdecimal() and int(value) < len(self.strings) else ""
        if self.kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        return value
