"""WebDAV bodies in and out (RFC 4918), as sabre/dav writes them. A property value is ready-made XML text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from aiohttp import web

from nextcloud_sandbox.calls import Call, Refusal, reply

DAV, OC, NC, SABRE = "{DAV:}", "{http://owncloud.org/ns}", "{http://nextcloud.org/ns}", "{http://sabredav.org/ns}"
CAL, CARD, CS = "{urn:ietf:params:xml:ns:caldav}", "{urn:ietf:params:xml:ns:carddav}", "{http://calendarserver.org/ns/}"
PREFIXES = {
    "DAV:": "d",
    "http://sabredav.org/ns": "s",
    "http://owncloud.org/ns": "oc",
    "http://nextcloud.org/ns": "nc",
    "urn:ietf:params:xml:ns:caldav": "cal",
    "http://calendarserver.org/ns/": "cs",
    "urn:ietf:params:xml:ns:carddav": "card",
}
ROOT = " ".join(f'xmlns:{prefix}="{uri}"' for uri, prefix in PREFIXES.items())
XML = "application/xml; charset=utf-8"
COMPLIANCE = (
    "1, 3, extended-mkcol, access-control, calendarserver-principal-property-search, nc-paginate, nextcloud-checksum-update, "
    "nc-calendar-search, nc-enable-birthday-calendar"
)
CALENDAR_COMPLIANCE = COMPLIANCE.replace(
    "nc-paginate",
    "oc-resource-sharing, calendar-access, calendar-proxy, calendar-auto-schedule, calendar-availability, nc-calendar-trashbin, "
    "nc-calendar-webcal-cache, calendarserver-subscribed, oc-calendar-publishing, calendarserver-sharing, addressbook, nc-paginate",
)
"""What calendars, address books and principals announce."""
REASONS = {200: "OK", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 424: "Failed Dependency", 507: "Insufficient Storage"}
NAMES = {
    400: "BadRequest",
    401: "NotAuthenticated",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    412: "PreconditionFailed",
    415: "UnsupportedMediaType",
    423: "Locked",
    501: "NotImplemented",
    503: "ServiceUnavailable",
    507: "InsufficientStorage",
}


class DavError(Exception):
    """A sabre error answer. `exception` defaults to the class of the status; `extra` is XML put inside d:error."""

    def __init__(
        self, status: int, message: str = "", exception: str = "", extra: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.exception = exception or f"Sabre\\DAV\\Exception\\{NAMES.get(status, '')}"
        self.extra = extra
        self.headers = headers

    def response(self) -> web.Response:
        body = (
            '<?xml version="1.0" encoding="utf-8"?>\n<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">\n'
            f"  <s:exception>{escape(self.exception)}</s:exception>\n"
            f"  <s:message>{escape(self.message)}</s:message>\n{self.extra}</d:error>\n"
        )
        return reply(self.status, body.encode(), XML, self.headers)


@dataclass(slots=True)
class Propfind:
    """What a PROPFIND asks: `names` in Clark notation, None for allprop; `propname` for names only."""

    names: list[str] | None = None
    propname: bool = False


@dataclass(slots=True)
class Entry:
    """One d:response: properties found, names missing (404), or a `status` for the resource itself with no properties.

    `other` puts properties under another status, for example {403: [names]} after a PROPPATCH.
    """

    href: str
    found: Mapping[str, str] = field(default_factory=dict[str, str])
    missing: Iterable[str] = ()
    status: int | None = None
    other: Mapping[int, Iterable[str]] = field(default_factory=dict[int, Iterable[str]])
    extra: str = ""


def parse(body: bytes) -> Element:
    """The root element of a request body; 400 when it is not XML."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise DavError(400, "Document types are not accepted", "Sabre\\Xml\\LibXMLException")
    try:
        return ElementTree.fromstring(body)  # noqa: S314  (entities are refused above)
    except ElementTree.ParseError as error:
        raise DavError(400, f"This XML is not valid: {error}", "Sabre\\DAV\\Exception\\BadRequest") from error


def parse_propfind(body: bytes) -> Propfind:
    if not body.strip():
        return Propfind()
    root = parse(body)
    prop = root.find(f"{DAV}prop")
    if prop is None:
        return Propfind(propname=root.find(f"{DAV}propname") is not None)
    return Propfind([child.tag for child in prop])


def parse_proppatch(root: Element) -> list[tuple[str, Element | None]]:
    """(name, element) for d:set and (name, None) for d:remove, in order."""
    out: list[tuple[str, Element | None]] = []
    for action in root:
        prop = action.find(f"{DAV}prop")
        kept = action.tag == f"{DAV}set"
        out.extend((child.tag, child if kept else None) for child in (prop if prop is not None else ()))
    return out


def text(value: object) -> str:
    return escape(str(value))


def tag(name: str, inner: str = "") -> str:
    """An element by Clark name around ready-made XML; unknown namespaces are declared in place."""
    opened, closed = tag_ends(name)
    return f"{opened}>{inner}{closed}" if inner else f"{opened}/>"


def tag_ends(name: str) -> tuple[str, str]:
    uri, _, local = name[1:].rpartition("}") if name.startswith("{") else ("", "", name)
    prefix = PREFIXES.get(uri)
    if not uri:
        return f"<{local}", f"</{local}>"
    if prefix:
        return f"<{prefix}:{local}", f"</{prefix}:{local}>"
    return f'<x1:{local} xmlns:x1="{escape(uri, {chr(34): "&quot;"})}"', f"</x1:{local}>"


def href(path: str) -> str:
    """A decoded path as it stands in a d:href: percent-encoded in lower case, as sabre does."""
    return quote(path, safe="/~!$&'()*+,;=:@-._").replace("&", "&amp;") if path.isascii() else lower_quote(path)


def lower_quote(path: str) -> str:
    out = quote(path, safe="/~!$&'()*+,;=:@-._")
    return "".join(piece if index == 0 else "%" + piece[:2].lower() + piece[2:] for index, piece in enumerate(out.split("%"))).replace(
        "&", "&amp;"
    )


def http_date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def propstat(inner: str, status: int) -> str:
    return f"<d:propstat><d:prop>{inner}</d:prop><d:status>HTTP/1.1 {status} {REASONS.get(status, 'Error')}</d:status></d:propstat>"


def render(entry: Entry) -> str:
    if entry.status is not None:
        status = f"<d:status>HTTP/1.1 {entry.status} {REASONS.get(entry.status, 'Error')}</d:status>"
        return f"<d:response><d:href>{entry.href}</d:href>{status}{entry.extra}</d:response>"
    parts = [f"<d:response><d:href>{entry.href}</d:href>"]
    missing = "".join(tag(name) for name in entry.missing)
    if entry.found or not (missing or entry.other):
        parts.append(propstat("".join(tag(name, value) for name, value in entry.found.items()), 200))
    if missing:
        parts.append(propstat(missing, 404))
    parts += [propstat("".join(tag(name) for name in names), status) for status, names in entry.other.items()]
    return "".join(parts) + entry.extra + "</d:response>"


def select(asked: Propfind, properties: Mapping[str, str], allprop: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Split what was asked for into what there is and what there is not."""
    if asked.propname:
        return dict.fromkeys(properties, ""), []
    names = list(allprop) if asked.names is None else asked.names
    found = {name: properties[name] for name in names if name in properties}
    return found, [] if asked.names is None else [name for name in names if name not in properties]


def multistatus(entries: Iterable[Entry], status: int = 207, headers: Mapping[str, str] | None = None, tail: str = "") -> web.Response:
    """The 207 answer; `tail` goes after the responses, for example a d:sync-token."""
    body = f'<?xml version="1.0"?>\n<d:multistatus {ROOT}>{"".join(render(entry) for entry in entries)}{tail}</d:multistatus>\n'
    return reply(status, body.encode(), XML, {"DAV": COMPLIANCE, "Vary": "Brief,Prefer", **(headers or {})})


def depth(call: Call, default: str = "1") -> str:
    """Depth as "0", "1" or "infinity"; a PROPFIND without it acts like Depth 1."""
    value = call.header("Depth", default).strip().lower()
    return value if value in ("0", "1", "infinity") else default


def destination(call: Call) -> str:
    """The raw path of the Destination header without the instance's prefix; its host is ignored."""
    value = call.header("Destination")
    if not value:
        raise DavError(400, "The destination header was not supplied")
    path = "/" + value.split("://", 1)[1].partition("/")[2] if "://" in value else value
    return path.removeprefix(call.sandbox.prefix)


def refuse(status: int, message: str = "") -> Refusal:
    return Refusal(DavError(status, message).response())
