"""Earlier versions of files."""

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.files.place import check_named
from nextcloud_sandbox.areas.files.properties import has_preview
from nextcloud_sandbox.areas.files.reading import content, disposition
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.dav import DAV, NC, DavError
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.nodes import UPDATE
from nextcloud_sandbox.tree.store import Version
from nextcloud_sandbox.tree.user import Entry, UserFiles

routes = Routes("files")
FILE = "/remote.php/dav/versions/{user}/versions/{id:\\d+}{slash:/?}"
ONE = "/remote.php/dav/versions/{user}/versions/{id:\\d+}/{version:\\d+}{slash:/?}"
ALLPROP = tuple(DAV + name for name in ("getlastmodified", "getcontentlength", "resourcetype", "getetag", "getcontenttype"))


def find(call: Call) -> tuple[UserFiles, Entry]:
    if call.args["user"] != call.uid:
        raise DavError(403)
    files = call.sandbox.files(call.uid)
    entry = files.by_id(int(call.args["id"]))
    if entry is None or entry.node.is_folder:
        raise DavError(404)
    return files, entry


def find_version(call: Call) -> tuple[UserFiles, Entry, Version]:
    files, entry = find(call)
    wanted = int(call.args["version"])
    version = next((version for version in files.versions(entry.node) if version.timestamp == wanted), None)
    if version is None:
        raise DavError(404)
    return files, entry, version


def answer(call: Call, entry: Entry, version: Version, asked: dav.Propfind) -> dav.Entry:
    properties = {
        f"{DAV}getcontentlength": str(len(version.content)),
        f"{DAV}getcontenttype": entry.node.mime,
        f"{DAV}getlastmodified": dav.http_date(version.timestamp),
        f"{DAV}getetag": str(version.timestamp),
        f"{DAV}resourcetype": "",
        f"{NC}version-author": dav.text(version.author),
        f"{NC}has-preview": has_preview(entry),
    }
    if version.label:
        properties[f"{NC}version-label"] = dav.text(version.label)
    found, missing = dav.select(asked, properties, ALLPROP)
    href = dav.href(f"/remote.php/dav/versions/{call.uid}/versions/{entry.node.id}/{version.timestamp}")
    return dav.Entry(call.href(href), found, missing)


@routes.dav("PROPFIND", FILE)
async def listing(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    files, entry = find(call)
    found, missing = dav.select(asked, {f"{DAV}resourcetype": "<d:collection/>"}, ALLPROP)
    entries = [dav.Entry(call.href(dav.href(f"/remote.php/dav/versions/{call.uid}/versions/{entry.node.id}/")), found, missing)]
    if dav.depth(call) != "0":
        entries += [answer(call, entry, version, asked) for version in files.versions(entry.node)]
    return dav.multistatus(entries)


@routes.dav("PROPFIND", ONE)
async def one(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    _, entry, version = find_version(call)
    return dav.multistatus([answer(call, entry, version, asked)])


@routes.dav("GET HEAD", ONE)
async def get(call: Call) -> web.StreamResponse:
    _, entry, version = find_version(call)
    etag = str(version.timestamp)
    headers = {
        "Last-Modified": dav.http_date(version.timestamp),
        "ETag": etag,
        "OC-ETag": etag,
        "Content-Disposition": disposition(entry.name),
    }
    return content(call, version.content, entry.node.mime, headers)


@routes.dav("MOVE COPY", ONE)
async def restore(call: Call) -> web.StreamResponse:
    files, entry, version = find_version(call)
    if not dav.destination(call).startswith(f"/remote.php/dav/versions/{call.uid}/restore/"):
        raise DavError(403, "Versions can only be restored")
    if not entry.permissions & UPDATE:
        raise DavError(403, "You cannot restore a version of a file that you cannot change")
    check_named(call)
    files.restore_version(entry.node, version.timestamp)
    return html(201, "")


@routes.dav("PROPPATCH", ONE)
async def label(call: Call) -> web.StreamResponse:
    _, _, version = find_version(call)
    updates = dav.parse_proppatch(dav.parse(await call.body()))
    for name, element in updates:
        if name == f"{NC}version-label":
            version.label = (element.text or "") if element is not None else ""
    response = dav.multistatus([dav.Entry(call.href(call.path), dict.fromkeys((name for name, _ in updates), ""))])
    del response.headers["DAV"]
    return response


@routes.dav("DELETE", ONE)
async def delete(call: Call) -> web.StreamResponse:
    files, entry, version = find_version(call)
    if version.timestamp == entry.node.mtime:
        raise DavError(403, "You cannot delete the current version")
    del files.store.versions[entry.node.id][version.timestamp]
    return html(204, "")
