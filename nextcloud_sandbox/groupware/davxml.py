"""What calendars and address books add to `nextcloud_sandbox.dav`: namespaces, member listings, synchronisation, preconditions."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.dav import CARD, DAV, DavError, Entry, Propfind
from nextcloud_sandbox.groupware.store import Collection, InvalidSyncToken, Item, members

NC = "{http://nextcloud.com/ns}"
"""The calendar side of Nextcloud writes .com where files write .org."""
APPLE = "{http://apple.com/ns/ical/}"
ALLOW = "OPTIONS, GET, HEAD, DELETE, PROPFIND, PUT, PROPPATCH, COPY, MOVE, REPORT"
COMPLIANCE = {
    "calendars": dav.CALENDAR_COMPLIANCE.replace("addressbook, ", ""),
    "addressbooks": dav.COMPLIANCE.replace("nc-paginate", "oc-resource-sharing, addressbook, nc-paginate"),
}
Getter = Callable[[Item], str]


class ItemProps(Mapping[str, str]):
    """An item's properties, made when asked for: a listing of thousands touches only what it shows."""

    def __init__(self, getters: Mapping[str, Getter], item: Item) -> None:
        self._getters = getters
        self._item = item

    def __contains__(self, name: object) -> bool:
        return name in self._getters

    def __getitem__(self, name: str) -> str:
        return self._getters[name](self._item)

    def __iter__(self) -> Iterator[str]:
        return iter(self._getters)

    def __len__(self) -> int:
        return len(self._getters)


ITEM_GETTERS: dict[str, Getter] = {
    f"{DAV}getetag": lambda item: text(item.etag),
    f"{DAV}getlastmodified": lambda item: dav.http_date(item.modified),
    f"{DAV}getcontentlength": lambda item: str(len(item.data)),
    f"{DAV}resourcetype": lambda _: "",
}
ITEM_ALLPROP = [f"{DAV}{name}" for name in ("getlastmodified", "getcontentlength", "resourcetype", "getetag", "getcontenttype")]


def text(value: object) -> str:
    """Character data. A carriage return is written as a reference: parsers would drop it otherwise."""
    return escape(str(value), {"\r": "&#13;", '"': "&quot;"})


def element(name: str, inner: str = "", /, **attributes: str) -> str:
    opened, closed = dav.tag_ends(name)
    opened += "".join(f' {key.replace("_", "-")}="{text(value)}"' for key, value in attributes.items())
    return f"{opened}>{inner}{closed}" if inner else f"{opened}/>"


def href(call: Call, *parts: str) -> str:
    """The href of /remote.php/dav/<parts>, each part one decoded segment; "" at the end makes a trailing slash."""
    return call.href("/remote.php/dav/" + "/".join(dav.href(part.replace("/", "%2F")) for part in parts))


def inner_xml(found: Element) -> str:
    """What is inside an element, with this server's prefixes."""
    own = text(found.text) if found.text and (found.text.strip() or not len(found)) else ""
    return own + "".join(element(child.tag, inner_xml(child), **child.attrib) for child in found)


def names_in(root: Element) -> list[str]:
    """The properties a report asks for."""
    prop = root.find(f"{DAV}prop")
    return [child.tag for child in prop] if prop is not None else []


def child_text(root: Element | None, name: str) -> str:
    return (root.findtext(name) or "").strip() if root is not None else ""


def minimal(call: Call) -> bool:
    return "return=minimal" in call.header("Prefer").replace(" ", "") or call.header("Brief").lower() == "t"


def answer(call: Call, entries: Iterable[Entry], *, side: str | None = None, vary: bool = True, tail: str = "") -> web.Response:
    """A 207. `side` announces the features of calendars or addressbooks, which only PROPFIND does."""
    if minimal(call):
        entries = [Entry(entry.href, entry.found, (), entry.status) for entry in entries]
    response = dav.multistatus(entries, headers={"DAV": COMPLIANCE[side]} if side else None, tail=tail)
    if side is None:
        del response.headers["DAV"]
    if not vary:
        del response.headers["Vary"]
    return response


async def announced(call: Call, side: str, work: Callable[[], Awaitable[web.Response]]) -> web.Response:
    """Run a handler; a PROPFIND that fails announces the features like one that succeeds."""
    try:
        return await work()
    except DavError as error:
        if call.request.method == "PROPFIND":
            error.headers = {"DAV": COMPLIANCE[side], "Vary": "Brief,Prefer", **(error.headers or {})}
        raise


def member(path: str, item: Item, getters: Mapping[str, Getter], asked: Propfind) -> Entry:
    found, missing = dav.select(asked, ItemProps(getters, item), ITEM_ALLPROP)
    return Entry(path, found, missing)


def sync_collection(
    call: Call,
    collection: Collection,
    root: Element,
    path: str,
    getters: Mapping[str, Getter],
    hidden: Callable[[Item], bool] = lambda _: False,
) -> web.Response:
    """RFC 6578. `path` is the href of the collection, with its slash; what is `hidden` from the caller is left out."""
    limit = child_text(root.find(f"{DAV}limit"), f"{DAV}nresults")
    try:
        changes = collection.since(child_text(root, f"{DAV}sync-token"), int(limit) if limit.isdecimal() else None)
    except InvalidSyncToken:
        exception = "Sabre\\DAV\\Exception\\InvalidSyncToken"
        raise DavError(403, "Invalid or unknown sync token", exception, "  <d:valid-sync-token/>\n") from None
    asked = Propfind(names_in(root))
    changed = [item for item in members(collection, changes.changed) if not hidden(item)]
    entries = [member(path + dav.href(item.uri), item, getters, asked) for item in changed]
    entries += [Entry(path + dav.href(uri), status=404) for uri in changes.deleted]
    if changes.truncated:
        entries.append(Entry(path, status=507))
    return answer(call, entries, vary=False, tail=dav.tag(f"{DAV}sync-token", changes.token))


def etag_headers(item: Item) -> dict[str, str]:
    return {"ETag": item.etag, "OC-ETag": item.etag}


def download_headers(item: Item) -> dict[str, str]:
    name = dav.href(item.uri)
    disposition = f"attachment; filename*=UTF-8''{name}; filename=\"{name}\""
    return {"Last-Modified": dav.http_date(item.modified), **etag_headers(item), "Content-Disposition": disposition}


def already_exists() -> DavError:
    return DavError(405, "The resource you tried to create already exists", headers={"Allow": ALLOW})


def access_denied(name: str, kind: str = "Node", *, own: bool = False) -> DavError:
    """What the access control answers: the owner learns that it is forbidden, others that there is nothing."""
    return DavError(403, "Access denied") if own else DavError(404, f"{kind} with name '{name}' could not be found")


def unsupported_report(message: str) -> DavError:
    return DavError(415, message, "Sabre\\DAV\\Exception\\ReportNotSupported", "  <d:supported-report/>\n")


def options(side: str) -> web.Response:
    return reply(200, headers={"DAV": COMPLIANCE[side], "Allow": ALLOW, "MS-Author-Via": "DAV", "Accept-Ranges": "bytes"})


PRIVILEGES = {
    "own": "write write-properties write-content unlock bind unbind write-acl read read-acl read-current-user-privilege-set",
    "all": "all read write write-properties write-content unlock bind unbind write-acl read-acl read-current-user-privilege-set",
    "properties": "write-properties read read-acl read-current-user-privilege-set",
    "read": "read read-acl read-current-user-privilege-set",
}


def privileges(kind: str, *more: str) -> str:
    """The inner XML of d:current-user-privilege-set; `more` are Clark names, those of a kind follow the list in front or behind."""
    names = [f"{DAV}{name}" for name in PRIVILEGES[kind].split()] + list(more)
    return "".join(dav.tag(f"{DAV}privilege", dav.tag(name)) for name in names)


EVERYWHERE = ["expand-property", "principal-match", "principal-property-search", "principal-search-property-set"]
FILE_REPORTS = [f"{dav.OC}filter-comments", f"{dav.OC}filter-files"]


def supported_reports(*specific: str, sync: bool = False) -> str:
    names = [f"{DAV}sync-collection"] * sync + [DAV + name for name in EVERYWHERE] + list(specific) + FILE_REPORTS
    return "".join(dav.tag(f"{DAV}supported-report", dav.tag(f"{DAV}report", dav.tag(name))) for name in names)


CARD_REPORTS = (f"{CARD}addressbook-multiget", f"{CARD}addressbook-query")


def proppatch(call: Call, root: Element, path: str, protected: set[str], stored: dict[str, str]) -> tuple[Entry, list[str]]:
    """Apply a d:propertyupdate to `stored`. When one property is protected nothing is changed (403, the others 424)."""
    changes = dav.parse_proppatch(root)
    refused = [name for name, _ in changes if name in protected]
    if refused:
        others = [name for name, _ in changes if name not in protected]
        return Entry(path, other={403: refused, **({424: others} if others else {})}), []
    for name, value in changes:
        if value is None:
            stored.pop(name, None)
        else:
            stored[name] = inner_xml(value)
    return Entry(path, dict.fromkeys((name for name, _ in changes), "")), [name for name, _ in changes]
