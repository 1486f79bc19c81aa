"""PUT, MKCOL, COPY, MOVE, DELETE on files."""

from aiohttp import web

from nextcloud_sandbox import dav, preconditions
from nextcloud_sandbox.areas.files.place import (
    ALLOW,
    FILES,
    WEBDAV,
    check_named,
    clean,
    file_id,
    files_of,
    find,
    is_foreign,
    missing,
    quoted,
    target_path,
    tree_errors,
)
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.user import SUBTREE, Entry, UserFiles, parent_of

routes = Routes("files")


def own(call: Call) -> UserFiles:
    if is_foreign(call) and call.args["user"] in call.sandbox.users:
        raise DavError(403, f"Permission denied to create file (filename {call.args['path'].strip('/')})")
    return files_of(call)


def check(call: Call, entry: Entry | None) -> None:
    etag = quoted(entry.node.etag) if entry and not entry.node.is_folder else None
    preconditions.check(call, etag, exists=entry is not None)


def etag_headers(call: Call, entry: Entry) -> dict[str, str]:
    etag = quoted(entry.node.etag)
    return {"OC-FileId": file_id(call, entry), "ETag": etag, "OC-ETag": etag}


@routes.dav("PUT", FILES)
@routes.dav("PUT", WEBDAV)
async def put(call: Call) -> web.StreamResponse:
    files, path = own(call), clean(call.args["path"])
    body = await call.body()
    old = files.find(path)
    check(call, old)
    if old is None and not call.header("X-NC-WebDAV-Auto-Mkcol") and not files.exists(parent_of(path)):
        raise missing(parent_of(path))
    return store(call, files, path, body)


def store(call: Call, files: UserFiles, path: str, body: bytes) -> web.Response:
    """Write what was uploaded and answer as a PUT does."""
    existed = files.exists(path)
    mtime = call.header("X-OC-MTime")
    with tree_errors():
        entry = files.write(
            path,
            body,
            mtime=int(float(mtime)) if mtime else None,
            parents=bool(call.header("X-NC-WebDAV-Auto-Mkcol")),
            uploaded=True,
        )
    entry.node.checksum = call.header("OC-Checksum")
    headers = etag_headers(call, entry) | ({"X-OC-MTime": "accepted"} if mtime else {})
    return html(204 if existed else 201, "", headers)


@routes.dav("MKCOL", FILES)
@routes.dav("MKCOL", WEBDAV)
async def mkcol(call: Call) -> web.StreamResponse:
    files, path = own(call), call.args["path"]
    if files.exists(path):
        raise DavError(405, "The resource you tried to create already exists", headers={"Allow": ALLOW})
    if not files.exists(parent_of(clean(path))):
        raise DavError(409, "Parent node does not exist")
    with tree_errors():
        entry = files.mkdir(path)
    return html(201, "", {"OC-FileId": file_id(call, entry)})


@routes.dav("DELETE", FILES)
@routes.dav("DELETE", WEBDAV)
async def delete(call: Call) -> web.StreamResponse:
    files = files_of(call)
    entry = find(call, files)
    check(call, entry)
    if entry.path == "/":
        raise DavError(403)
    with tree_errors():
        files.delete(entry.path)
    return html(204, "")


@routes.dav("MOVE COPY", FILES)
@routes.dav("MOVE COPY", WEBDAV)
async def move_or_copy(call: Call) -> web.StreamResponse:
    files, target = files_of(call), target_path(call)
    if not files.exists(parent_of(target)):
        raise DavError(409, "The destination node is not found")
    overwrite = call.header("Overwrite", "T").upper() != "F"
    if not overwrite and files.exists(target):
        message = "The destination node already exists, and the overwrite header is set to false"
        raise DavError(412, message, extra="  <s:header>Overwrite</s:header>\n")
    source = find(call, files)
    check(call, source)
    check_named(call)
    if clean(source.path) == target:
        raise DavError(403, "Source and destination uri are identical.")
    if target.startswith(clean(source.path) + "/"):
        raise DavError(409, SUBTREE)
    moving = call.request.method == "MOVE"
    with tree_errors():
        entry, replaced = (files.move if moving else files.copy)(source.path, target)
    headers = etag_headers(call, entry) if moving and not entry.node.is_folder else {"OC-FileId": file_id(call, entry)}
    return html(204 if replaced else 201, "", headers)


@routes.dav("*", FILES)
@routes.dav("*", WEBDAV)
async def unknown(call: Call) -> web.StreamResponse:
    raise dav.DavError(501, f"There was no plugin in the system that was willing to handle this {call.request.method} method.")
