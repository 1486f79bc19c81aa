"""Bytes of a file as text, and texts of documents as Markdown; pure."""

import codecs
import re
from collections.abc import Iterator, Sequence

_TEXTUAL = re.compile(r"text/.*|.*[+/](xml|json|yaml|toml|javascript|x-yaml|x-sh|x-ndjson|sql|x-tex)|message/rfc822|application/x-php")
_BINARY = re.compile(r"(image|audio|video|font)/.*|application/(pdf|zip|gzip|x-.*compressed.*|vnd\..*)")
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BULLET = re.compile(r"^[ \t]*[•◦▪‣●○–][ \t]+")


def decoded(data: bytes | bytearray, content_type: str) -> tuple[str, str | None] | None:
    """The text of a file and a note where it was not UTF-8; None for what is no text. UTF-8 comes back unchanged, line ends too."""
    kind = content_type.partition(";")[0].strip().lower()
    textual = _TEXTUAL.fullmatch(kind) is not None
    if not textual and _BINARY.fullmatch(kind):
        return None
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), _note("UTF-16")
            except UnicodeDecodeError:
                return None
    if b"\0" in data:
        return None
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return (data.decode("cp1252", "replace"), _note("Windows-1252")) if textual else None


def _note(encoding: str) -> str:
    return f"decoded from {encoding}; writing it back stores UTF-8"


def markdown(text: str, pages: Sequence[int]) -> str:
    """The text of a document with its pages, lists and tables marked; `pages` are the offsets at which pages begin."""
    if not pages:
        return "\n".join(_marked(text.splitlines())).strip()
    ends = [*pages[1:], len(text)]
    parts = ("\n".join(_marked(text[start:end].splitlines())).strip() for start, end in zip(pages, ends, strict=True))
    return "\n\n".join(f"## Page {number}\n\n{part}".rstrip() for number, part in enumerate(parts, 1))


def _marked(lines: Sequence[str]) -> Iterator[str]:
    """Bullets become list items, runs of lines with tabs become tables."""
    row = 0
    for line in lines:
        cells = line.strip("\t").split("\t")
        if len(cells) < 2:
            row = 0
            yield _BULLET.sub("- ", line)
            continue
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        row += 1
        if row == 1:
            yield "|" + " --- |" * len(cells)
