"""The trash bin of files."""

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.files.place import tree_errors
from nextcloud_sandbox.areas.files.reading import content, disposition
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.dav import DAV, NC, OC, DavError
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.nodes import Node, split
from nextcloud_sandbox.tree.store import Trashed
from nextcloud_sandbox.tree.user import UserFiles

routes = Routes("files")
BIN = "/remote.php/dav/trashbin/{user}/trash{slash:/?}"
ITEM = "/remote.php/dav/trashbin/{user}/trash/{key}{path:(?:/.*)?}"


def files_of(call: Call) -> UserFiles:
    if call.args["user"] != call.uid:
        raise DavError(403)
    return call.sandbox.files(call.uid)


def find(call: Call) -> tuple[Trashed, Node]:
    """The deleted item, and what the path points at inside it."""
    files = files_of(call)
    item = next((item for item in files.trash() if item.key == call.args["key"]), None)
    node: Node | None = item.node if item else None
    for part in split(call.args["path"]):
        node = (node.children or {}).get(part) if node else None
    if item is None or node is None:
        raise DavError(404, f"File not found: {call.args['key']} in 'trash'")
    return item, node


def entry(call: Call, item: Trashed, node: Node, asked: dav.Propfind) -> dav.Entry:
    inside = "" if node is item.node else "/" + "/".join(reversed([above.name for above in node.up()][:-1]))
    properties = {
        f"{NC}trashbin-filename": dav.text(node.name),
        f"{NC}trashbin-original-location": dav.text(item.location + inside),
        f"{NC}trashbin-deletion-time": str(item.deleted),
        f"{NC}trashbin-title": dav.text(item.location + inside),
        f"{NC}trashbin-deleted-by-id": dav.text(item.by),
        f"{NC}trashbin-deleted-by-display-name": dav.text(
            call.sandbox.users[item.by].display_name if item.by in call.sandbox.users else item.by
        ),
        f"{DAV}resourcetype": "<d:collection/>" if node.is_folder else "",
        f"{DAV}getlastmodified": dav.http_date(item.deleted),
        f"{OC}fileid": str(node.id),
        f"{OC}permissions": "GD",
        f"{OC}size": str(node.size),
        f"{DAV}getetag": str(item.deleted),
    }
    if not node.is_folder:
        properties |= {f"{DAV}getcontentlength": str(node.size), f"{DAV}getcontenttype": node.mime}
    found, missing = dav.select(asked, properties, ALLPROP)
    href = dav.href(f"/remote.php/dav/trashbin/{call.uid}/trash/{item.key}{inside}") + ("/" if node.is_folder else "")
    return dav.Entry(call.href(href), found, missing)


ALLPROP = tuple(DAV + name for name in ("getlastmodified", "getcontentlength", "resourcetype", "getetag", "getcontenttype"))


@routes.dav("PROPFIND", BIN)
async def listing(call: Call) -> web.StreamResponse:
    asked, files = dav.parse_propfind(await call.body()), files_of(call)
    found, missing = dav.select(asked, {f"{DAV}resourcetype": "<d:collection/>"}, ALLPROP)
    entries = [dav.Entry(call.href(dav.href(f"/remote.php/dav/trashbin/{call.uid}/trash/")), found, missing)]
    if dav.depth(call) != "0":
        entries += [entry(call, item, item.node, asked) for item in files.trash()]
    return dav.multistatus(entries)


@routes.dav("PROPFIND", ITEM)
async def one(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    item, node = find(call)
    nodes = [node, *(node.sorted_children() if dav.depth(call) != "0" else ())]
    return dav.multistatus(entry(call, item, each, asked) for each in nodes)


@routes.dav("GET HEAD", ITEM)
async def get(call: Call) -> web.StreamResponse:
    item, node = find(call)
    if node.is_folder:
        return html(200, "")
    headers = {"Last-Modified": dav.http_date(item.deleted), "ETag": str(item.deleted), "Content-Disposition": disposition(node.name)}
    return content(call, node.content, node.mime, headers)


@routes.dav("MOVE", ITEM)
async def restore(call: Call) -> web.StreamResponse:
    item, node = find(call)
    if not dav.destination(call).startswith(f"/remote.php/dav/trashbin/{call.uid}/restore/"):
        raise DavError(403, "Items in the trash bin can only be restored")
    if node is not item.node:
        raise DavError(403, "Only whole items can be restored")
    with tree_errors():
        files_of(call).restore(item.key)
    return html(201, "")


@routes.dav("DELETE", ITEM)
async def delete(call: Call) -> web.StreamResponse:
    item, node = find(call)
    if node is not item.node:
        raise DavError(403, "Only whole items can be deleted")
    files_of(call).purge(item.key)
    return html(204, "")


@routes.dav("DELETE", BIN)
async def empty(call: Call) -> web.StreamResponse:
    files_of(call).empty_trash()
    return html(204, "")
