"""PROPPATCH on files: favourite, times, and properties that nobody interprets."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.files.place import FILES, WEBDAV, files_of, find, tree_errors
from nextcloud_sandbox.areas.files.properties import PROTECTED
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import DAV, NC, OC
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.user import Entry, UserFiles

routes = Routes("files")
TIMES = (f"{DAV}lastmodified", f"{DAV}getlastmodified")


@routes.dav("PROPPATCH", FILES)
@routes.dav("PROPPATCH", WEBDAV)
async def proppatch(call: Call) -> web.StreamResponse:
    files = files_of(call)
    entry = find(call, files)
    updates = dav.parse_proppatch(dav.parse(await call.body()))
    href = call.href(dav.href(call.path_decoded))
    refused = [name for name, _ in updates if name in PROTECTED]
    if refused:
        rest = [name for name, _ in updates if name not in PROTECTED]
        return patched(dav.Entry(href, other={403: refused, **({424: rest} if rest else {})}))
    with tree_errors():
        for name, element in updates:
            apply(files, entry, name, element)
    return patched(dav.Entry(href, dict.fromkeys((name for name, _ in updates), "")))


def patched(entry: dav.Entry) -> web.Response:
    response = dav.multistatus([entry])
    del response.headers["DAV"]
    return response


def apply(files: UserFiles, entry: Entry, name: str, element: Element | None) -> None:
    value = (element.text or "") if element is not None else ""
    if name == f"{OC}favorite":
        files.set_favorite(entry.node, value in ("1", "true"))
        files.sandbox.emit("file.favorite", files.user, path=entry.path, node=entry.node)
    elif name in TIMES:
        files.touch(entry.path, seconds(value))
    elif name == f"{NC}creation_time":
        entry.node.created = seconds(value)
    elif element is None:
        entry.node.properties.pop(name, None)
    else:
        entry.node.properties[name] = dav.text(value)


def seconds(value: str) -> int:
    """Unix seconds from a number, an ISO 8601 or an HTTP date."""
    if value.strip().lstrip("-").isdigit():
        return int(value)
    try:
        return int(datetime.fromisoformat(value.strip()).timestamp())
    except ValueError:
        pass
    try:
        return int(parsedate_to_datetime(value).timestamp())
    except ValueError as error:
        raise dav.DavError(400, f"Not a time: {value}") from error
