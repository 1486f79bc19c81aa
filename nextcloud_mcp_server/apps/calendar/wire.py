"""CalDAV XML (RFC 4791, RFC 6638; Nextcloud's own properties), as pure functions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from nextcloud_mcp_server.apps.calendar.times import Span
from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.content_lines import Component, parse
from nextcloud_mcp_server.nextcloud.dav import Resource, document, element, qualified

DELETED_AT = "{http://nextcloud.com/ns}deleted-at"
FROM_CALENDAR = "{http://nextcloud.com/ns}calendar-uri"
PROPERTIES = {"display_name": "d:displayname", "description": "c:calendar-description", "color": "ical:calendar-color"}
LISTED = (
    "d:displayname",
    "d:resourcetype",
    "cs:getctag",
    "cs:source",
    "c:supported-calendar-component-set",
    "c:calendar-description",
    "c:calendar-timezone",
    "c:schedule-calendar-transp",
    "ical:calendar-color",
    "oc:calendar-enabled",
    "oc:owner-principal",
    "oc:read-only",
    "d:current-user-privilege-set",
)


def listing() -> bytes:
    """A PROPFIND body for the calendars of a home."""
    return document(element("d:propfind", element("d:prop", *(element(name) for name in LISTED), Element(DELETED_AT))))


def query(kind: str, span: Span | None = None, uid: str | None = None, extra: Iterable[Element] = ()) -> bytes:
    """A calendar-query for objects of one kind with their data: all, those in a span, or the one with a UID."""
    wanted: list[Element] = []
    if span and (span.start or span.end):
        bounds = {name: f"{point:%Y%m%dT%H%M%SZ}" for name, point in (("start", span.start), ("end", span.end)) if point}
        wanted.append(element("c:time-range", **bounds))
    if uid is not None:
        wanted.append(element("c:prop-filter", element("c:text-match", text=uid, collation="i;octet"), name="UID"))
    filters = element("c:filter", element("c:comp-filter", element("c:comp-filter", *wanted, name=kind), name="VCALENDAR"))
    return document(element("c:calendar-query", element("d:prop", element("d:getetag"), element("c:calendar-data"), *extra), filters))


def trash_query(kind: str) -> bytes:
    """A calendar-query for the trash."""
    return query(kind, extra=(Element(DELETED_AT), Element(FROM_CALENDAR)))


def _set(values: Mapping[str, str]) -> Iterator[Element]:
    return (element(PROPERTIES[name], text=value) for name, value in values.items())


def make(values: Mapping[str, str], kinds: Iterable[str]) -> bytes:
    """A MKCALENDAR body."""
    accepted = element("c:supported-calendar-component-set", *(element("c:comp", name=kind) for kind in kinds))
    return document(element("c:mkcalendar", element("d:set", element("d:prop", *_set(values), accepted))))


def patch(values: Mapping[str, str]) -> bytes:
    """A PROPPATCH body."""
    return document(element("d:propertyupdate", element("d:set", element("d:prop", *_set(values)))))


def refused(values: Mapping[str, str], resources: Iterable[Resource], body: bytes) -> list[str]:
    """The values that a PROPPATCH answer does not confirm; cleared ones are confirmed by 204."""
    confirmed = {name for one in resources for name in one.props}
    failed = b"HTTP/1.1 4" in body
    return [name for name, value in values.items() if PROPERTIES[name] not in confirmed and (value or failed)]


def free_busy_replies(body: bytes) -> dict[str, Component | None]:
    """A schedule-response by recipient address; None for one that Nextcloud does not know."""
    if b"<!" in body.split(b"schedule-response", 1)[0]:
        raise BadAnswer("Nextcloud's answer about free times declares entities or a document type, which is refused.")
    parser: XMLPullParser[Element] = XMLPullParser(("end",))
    try:
        parser.feed(body)
        parser.close()
    except ParseError:
        raise BadAnswer("Nextcloud's answer about free times is not valid XML.") from None
    found: dict[str, Component | None] = {}
    for _, node in cast("Iterator[tuple[str, Element]]", parser.read_events()):
        if node.tag == qualified("c:response"):
            address = (node.findtext(f"{qualified('c:recipient')}/{{DAV:}}href") or "").removeprefix("mailto:").casefold()
            data = node.findtext(qualified("c:calendar-data"))
            found[address] = parse(data, "A free-busy answer") if data else None
    return found
