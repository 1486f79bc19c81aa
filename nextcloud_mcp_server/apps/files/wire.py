"""Requests and answers of Nextcloud's WebDAV for files (RFC 4918, RFC 5323 and Nextcloud's developer manual, "WebDAV"); pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from nextcloud_mcp_server.nextcloud.answers import bare_etag
from nextcloud_mcp_server.nextcloud.dav import Resource, document, element, propfind
from nextcloud_mcp_server.nextcloud.hidden import path_in

BASICS = ("d:resourcetype", "d:getcontentlength", "d:getcontenttype", "d:getlastmodified", "d:getetag", "oc:fileid", "oc:favorite")
LISTED = propfind((*BASICS, "nc:system-tags"))
ONE = propfind((*BASICS, "nc:system-tags", "oc:checksums"))
TRASH = propfind(("d:resourcetype", "oc:size", "oc:fileid", "nc:trashbin-original-location", "nc:trashbin-deletion-time"))
VERSIONS = propfind(("d:getcontentlength", "d:getlastmodified", "nc:version-label", "nc:version-author"))
TAGS = propfind(("oc:id", "oc:display-name", "oc:can-assign"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder: `path` from the user's root without slashes around it, `modified` as RFC 1123, `checksum` as `TYPE:hex`."""

    path: str
    is_folder: bool
    size: int | None
    content_type: str | None
    modified: str | None
    etag: str | None
    file_id: int | None
    favorite: bool
    tags: tuple[str, ...] = ()
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What a search asks for, all of it at once; patterns are SQL's LIKE."""

    name_like: str | None = None
    mime_like: str | None = None
    favorites: bool = False


def entry(resource: Resource) -> Entry:
    """One resource of a listing, report or search."""
    folder = resource.has("d:resourcetype", "d:collection")
    return Entry(
        path=path_in(resource.href),
        is_folder=folder,
        size=None if folder else number(resource.text("d:getcontentlength")),
        content_type=resource.text("d:getcontenttype"),
        modified=resource.text("d:getlastmodified"),
        etag=bare_etag(resource.text("d:getetag")),
        file_id=number(resource.text("oc:fileid")),
        favorite=resource.text("oc:favorite") == "1",
        tags=tuple(node.text for node in _children(resource, "nc:system-tags") if node.text),
        checksum=next((node.text for node in _children(resource, "oc:checksums") if node.text), None),
    )


def number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def search(query: Query, scope: str, not_id: int | None, first: int, count: int) -> bytes:
    """A SEARCH below the DAV path `scope`, newest first. `not_id` is the scope itself, which Nextcloud counts and then leaves out."""
    tests = [_test("d:like", "d:displayname", query.name_like or "%")]
    if query.mime_like:
        tests.append(_test("d:like", "d:getcontenttype", query.mime_like))
    if query.favorites:
        tests.append(_test("d:eq", "oc:favorite", "1"))
    if not_id is not None:
        tests.append(element("d:not", _test("d:eq", "oc:fileid", str(not_id))))
    where = tests[0] if len(tests) == 1 else element("d:and", *tests)
    order = (_order("d:getlastmodified", "d:descending"), _order("d:displayname", "d:ascending"))
    limit = element("d:limit", element("d:nresults", text=str(count)), element("sd:firstresult", text=str(first)))
    return _basic(scope, where, element("d:orderby", *order), limit)


def by_id(file_id: int, scope: str) -> bytes:
    """A SEARCH for the one thing with this id."""
    return _basic(scope, _test("d:eq", "oc:fileid", str(file_id)), element("d:orderby"))


def _basic(scope: str, where: Element, *more: Element) -> bytes:
    place = element("d:scope", element("d:href", text=scope), element("d:depth", text="infinity"))
    parts = (element("d:select", _props(BASICS)), element("d:from", place), element("d:where", where), *more)
    return document(element("d:searchrequest", element("d:basicsearch", *parts)))


def with_tag(tag_id: str) -> bytes:
    """A REPORT of everything that carries a system tag."""
    rules = element("oc:filter-rules", element("oc:systemtag", text=tag_id))
    return document(element("oc:filter-files", _props((*BASICS, "nc:system-tags")), rules))


def favorite(on: bool) -> bytes:
    """A PROPPATCH that marks or unmarks a favourite."""
    return document(element("d:propertyupdate", element("d:set", element("d:prop", element("oc:favorite", text=str(int(on)))))))


def comments(limit: int, offset: int) -> bytes:
    """A REPORT of comments, newest first."""
    return document(element("oc:filter-comments", element("oc:limit", text=str(limit)), element("oc:offset", text=str(offset))))


def _children(resource: Resource, name: str) -> Iterable[Element]:
    found = resource.props.get(name)
    return found if found is not None else ()


def _props(names: Iterable[str]) -> Element:
    return element("d:prop", *(element(name) for name in names))


def _test(operator: str, prop: str, value: str) -> Element:
    return element(operator, element("d:prop", element(prop)), element("d:literal", text=value))


def _order(prop: str, direction: str) -> Element:
    return element("d:order", element("d:prop", element(prop)), element(direction))
