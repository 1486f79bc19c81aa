"""Which engine reads which MIME type."""

from fnmatch import fnmatch

from nextcloud_mcp_server.text.model import Engines, Remote

PLAIN = frozenset(
    {
        "application/json",
        "application/x-ndjson",
        "application/javascript",
        "application/sql",
        "application/toml",
        "application/x-sh",
        "application/x-yaml",
        "application/yaml",
        "application/x-tex",
        "message/rfc822",
    }
)
HTML = frozenset({"text/html", "application/xhtml+xml"})
OFFICE = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odf",
    "application/vnd.oasis.opendocument.presentation": "odf",
    "application/vnd.oasis.opendocument.spreadsheet": "odf",
}
IMAGES = frozenset({"image/png", "image/jpeg", "image/tiff", "image/bmp", "image/webp"})
PDF = "application/pdf"


def essence(mime_type: str) -> str:
    """`Text/HTML; charset=x` without its parameters, in small letters."""
    return mime_type.partition(";")[0].strip().lower()


def kind_of(mime_type: str) -> str | None:
    """The embedded reader of this type: plain, html, pdf, docx, pptx, xlsx, odf, image; None where there is none."""
    kind = essence(mime_type)
    if kind in HTML:
        return "html"
    if kind.startswith("text/") or kind in PLAIN or kind.endswith(("+json", "+yaml")):
        return "plain"
    if kind == PDF:
        return "pdf"
    return "image" if kind in IMAGES else OFFICE.get(kind)


def remote_of(mime_type: str, engines: Engines) -> Remote | None:
    """The first configured service that takes this type."""
    kind = essence(mime_type)
    return next((remote for remote in engines.remotes if any(fnmatch(kind, pattern) for pattern in remote.types)), None)


def readable_type(mime_type: str, engines: Engines | None = None) -> bool:
    """Whether a file of this type has text that these engines can get."""
    engines = engines or Engines()
    if remote_of(mime_type, engines):
        return True
    kind = kind_of(mime_type)
    return kind is not None and (kind != "image" or engines.tesseract is not None)
