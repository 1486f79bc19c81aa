"""Chunked uploads (version 2): MKCOL a folder, PUT chunks 1..10000, MOVE .file to the destination."""

from dataclasses import dataclass, field

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.files.place import missing, target_path
from nextcloud_sandbox.areas.files.writing import check, etag_headers, store
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.dav import DAV, OC, DavError
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.user import parent_of

routes = Routes("files")
FOLDER = "/remote.php/dav/uploads/{user}/{upload}{slash:/?}"
CHUNK = "/remote.php/dav/uploads/{user}/{upload}/{chunk}"


@dataclass
class Uploads:
    """Unfinished uploads: (user, name of the folder) -> chunk name -> bytes."""

    open: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict[tuple[str, str], dict[str, bytes]])


def kept(call: Call) -> Uploads:
    if call.args["user"] != call.uid:
        raise DavError(403)
    return call.sandbox.slot("uploads", Uploads)


def chunks_of(call: Call) -> dict[str, bytes]:
    chunks = kept(call).open.get((call.uid, call.args["upload"]))
    if chunks is None:
        raise DavError(404, f"File with name /{call.args['upload']} could not be located")
    return chunks


@routes.dav("MKCOL", FOLDER)
async def begin(call: Call) -> web.StreamResponse:
    uploads, key = kept(call), (call.uid, call.args["upload"])
    if key in uploads.open:
        raise DavError(405, "The resource you tried to create already exists")
    uploads.open[key] = {}
    return html(201, "")


@routes.dav("PUT", CHUNK)
async def put(call: Call) -> web.StreamResponse:
    chunks, name = chunks_of(call), call.args["chunk"]
    existed = name in chunks
    chunks[name] = await call.body()
    return html(204 if existed else 201, "")


@routes.dav("PROPFIND", FOLDER)
async def listing(call: Call) -> web.StreamResponse:
    asked, chunks = dav.parse_propfind(await call.body()), chunks_of(call)
    base = call.href(dav.href(f"/remote.php/dav/uploads/{call.uid}/{call.args['upload']}/"))
    found, missing_names = dav.select(asked, {f"{DAV}resourcetype": "<d:collection/>"}, [f"{DAV}resourcetype"])
    entries = [dav.Entry(base, found, missing_names)]
    for name, data in chunks.items() if dav.depth(call) != "0" else ():
        size = str(len(data))
        properties = {f"{DAV}resourcetype": "", f"{DAV}getcontentlength": size, f"{OC}size": size}
        found, missing_names = dav.select(asked, properties, properties)
        entries.append(dav.Entry(base + name, found, missing_names))
    return dav.multistatus(entries)


@routes.dav("DELETE", FOLDER)
async def cancel(call: Call) -> web.StreamResponse:
    chunks_of(call)
    del kept(call).open[call.uid, call.args["upload"]]
    return html(204, "")


@routes.dav("MOVE", "/remote.php/dav/uploads/{user}/{upload}/.file")
async def finish(call: Call) -> web.StreamResponse:
    chunks, target = chunks_of(call), target_path(call)
    body = b"".join(chunks[name] for name in sorted(chunks, key=lambda name: (int(name) if name.isdigit() else 0, name)))
    announced = call.header("OC-Total-Length")
    if announced and int(announced) != len(body):
        raise DavError(400, f"Chunks on server do not sum up to {announced} but to {len(body)} bytes")
    files = call.sandbox.files(call.uid)
    old = files.find(target)
    check(call, old)
    if old is None and not files.exists(parent_of(target)):
        raise missing(parent_of(target))
    response = store(call, files, target, body)
    del kept(call).open[call.uid, call.args["upload"]]
    response.headers.update(etag_headers(call, files.get(target)))
    return response
