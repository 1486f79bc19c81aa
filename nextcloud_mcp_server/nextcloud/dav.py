"""WebDAV XML in and out, as pure functions (RFC 4918); entities and document types are refused.

Names are `prefix:name` with the prefixes of `NAMESPACES`.
"""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError, SubElement, XMLPullParser, tostring

from nextcloud_mcp_server.core.errors import BadAnswer

NAMESPACES = {
    "d": "DAV:",
    "oc": "http://owncloud.org/ns",
    "nc": "http://nextcloud.org/ns",
    "ocs": "http://open-collaboration-services.org/ns",
    "c": "urn:ietf:params:xml:ns:caldav",
    "card": "urn:ietf:params:xml:ns:carddav",
    "cs": "http://calendarserver.org/ns/",
    "ical": "http://apple.com/ns/ical/",
    "s": "http://sabredav.org/ns",
    "sd": "https://github.com/icewind1991/SearchDAV/ns",
}
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}

# A DTD can only stand before the root element, so nothing but an XML declaration is let through there; other encodings than
# UTF-8 could spell one in bytes that no pattern finds.
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml\s(?P<declared>[^<>]*)\?>\s*)?<[A-Za-z_]")
_FOREIGN = re.compile(rb"encoding\s*=\s*[\"'](?!utf-?8[\"'])", re.IGNORECASE)
_LONGEST_BEGINNING = 1024


@dataclass(frozen=True)
class Resource:
    """One `d:response`: the decoded path, the properties that exist, and a status for one that is gone.

    `props` holds elements by prefixed name; `text(name)` is what most callers want.
    """

    href: str
    props: Mapping[str, Element] = field(default_factory=dict[str, Element])
    status: int = 200

    def text(self, name: str) -> str | None:
        """The text of a property; None where it is absent, empty or blank."""
        element = self.props.get(name)
        return (element.text or "").strip() or None if element is not None else None

    def has(self, name: str, child: str) -> bool:
        """Whether property `name` holds an element `child` (a resource type, a component)."""
        element = self.props.get(name)
        return element is not None and element.find(qualified(child)) is not None


@dataclass(frozen=True)
class Multistatus:
    """A whole answer; `sync_token` only of a `sync-collection` report."""

    resources: list[Resource]
    sync_token: str | None = None


def qualified(name: str) -> str:
    """`d:prop` as ElementTree writes it."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def prefixed(tag: str) -> str:
    """The opposite of `qualified`; an unknown namespace stays as it is."""
    uri, _, local = tag.removeprefix("{").partition("}")
    prefix = _PREFIXES.get(uri)
    return f"{prefix}:{local}" if prefix else tag


def element(name: str, /, *children: Element, text: str | None = None, **attributes: str) -> Element:
    """An element with children, text and attributes (underscores in attribute names become hyphens)."""
    made = Element(qualified(name), {key.replace("_", "-"): value for key, value in attributes.items()})
    made.text = text
    made.extend(children)
    return made


def document(root: Element) -> bytes:
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root)


def propfind(names: Iterable[str]) -> bytes:
    """A PROPFIND body that asks for these properties."""
    root = element("d:propfind")
    wanted = SubElement(root, qualified("d:prop"))
    wanted.extend(element(name) for name in names)
    return document(root)


class MultistatusParser:
    """Parses a multistatus piece by piece, so that a listing of any length stays small in memory."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.sync_token: str | None = None
        self._parser: XMLPullParser[Element] = XMLPullParser(("end",))
        self._head = b""
        self._begun = False
        self._ended = False

    def feed(self, data: bytes) -> Iterator[Resource]:
        """The resources that `data` completes. Raises BadAnswer for what is not a harmless multistatus."""
        if not self._begun:
            data = self._head = self._head + data
            self._begun = _begins_plainly(self._head, self.what)
            if not self._begun:
                return
            self._head = b""
        for node in self._completed(data):
            if node.tag == "{DAV:}response":
                yield parse_response(node)
                node.clear()
            elif node.tag == "{DAV:}sync-token":
                self.sync_token = node.text
            elif node.tag == "{DAV:}multistatus":
                self._ended = True

    def close(self) -> None:
        """Raises BadAnswer where the document was cut short or is another kind of document."""
        if not self._ended:
            raise BadAnswer(f"Nextcloud's answer about {self.what} was cut short or is not a multistatus.")

    def _completed(self, data: bytes) -> Iterator[Element]:
        try:
            self._parser.feed(data)
            yield from _completed(self._parser)
        except ParseError:
            raise BadAnswer(f"Nextcloud's answer about {self.what} is not valid XML.") from None


def _begins_plainly(head: bytes, what: str) -> bool:
    """Whether a root element has begun; False where more bytes are needed. Raises BadAnswer for a DTD or another encoding."""
    if found := _BEGINNING.match(head):
        if _FOREIGN.search(found["declared"] or b""):
            raise BadAnswer(f"Nextcloud's answer about {what} is not in UTF-8.")
        return True
    if head.lstrip()[:14].lower() == b"<!doctype html":
        raise BadAnswer(f"Nextcloud sent a web page instead of data about {what}.")
    if b"<!" in head:
        raise BadAnswer(f"Nextcloud's answer about {what} declares entities or a document type, which is refused.")
    if len(head) > _LONGEST_BEGINNING or b"\0" in head:
        raise BadAnswer(f"Nextcloud's answer about {what} is not XML.")
    return False


def _completed(parser: "XMLPullParser[Element]") -> Iterator[Element]:
    return (node for _, node in cast("Iterator[tuple[str, Element]]", parser.read_events()))


def parse_response(node: Element) -> Resource:
    """One `d:response` element."""
    props: dict[str, Element] = {}
    for propstat in node.iterfind("{DAV:}propstat"):
        if status_of(propstat.findtext("{DAV:}status")) == 200:
            found = propstat.find("{DAV:}prop")
            props.update((prefixed(child.tag), child) for child in (found if found is not None else ()))
    return Resource(unquote(node.findtext("{DAV:}href") or ""), props, status_of(node.findtext("{DAV:}status")) or 200)


def status_of(line: str | None) -> int:
    """The number in `HTTP/1.1 404 Not Found`; 0 where there is none."""
    parts = (line or "").split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0


def parse_multistatus(body: bytes, what: str) -> Multistatus:
    """A whole multistatus that is in memory already."""
    parser = MultistatusParser(what)
    resources = list(parser.feed(body))
    parser.close()
    return Multistatus(resources, parser.sync_token)


async def stream_multistatus(pieces: AsyncIterator[bytes], parser: MultistatusParser) -> AsyncIterator[Resource]:
    """Resources as the pieces of an answer arrive."""
    async for piece in pieces:
        for resource in parser.feed(piece):
            yield resource
    parser.close()


def error_message(body: bytes) -> str:
    """What a `d:error` body says in words (SabreDAV puts it in `s:message`)."""
    if not _begins_plainly(body, "an error"):
        return ""
    parser: XMLPullParser[Element] = XMLPullParser(("end",))
    parser.feed(body)
    return next((node.text or "" for node in _completed(parser) if node.tag == "{http://sabredav.org/ns}message"), "")
