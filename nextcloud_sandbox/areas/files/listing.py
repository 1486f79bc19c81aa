"""PROPFIND and OPTIONS on files."""

from collections.abc import Iterator
from itertools import islice

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.files.place import ALLOW, FILES, LEGACY_COMPLIANCE, WEBDAV, files_of, is_foreign, is_legacy, missing
from nextcloud_sandbox.areas.files.properties import Context
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.user import Entry, UserFiles

routes = Routes("files")
HEADERS = {"DAV": dav.COMPLIANCE, "Vary": "Brief,Prefer"}


@routes.dav("OPTIONS", FILES)
@routes.dav("OPTIONS", WEBDAV)
async def options(call: Call) -> web.StreamResponse:
    compliance = LEGACY_COMPLIANCE if is_legacy(call) else dav.COMPLIANCE
    return html(200, "", {"Allow": ALLOW, "DAV": compliance, "MS-Author-Via": "DAV", "Accept-Ranges": "bytes"})


@routes.dav("PROPFIND", FILES)
@routes.dav("PROPFIND", WEBDAV)
async def propfind(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    if is_foreign(call) and call.args["user"] in call.sandbox.users and not call.args["path"].strip("/"):
        return foreign_root(call, asked)
    files = files_of(call)
    if not files.exists(call.args["path"]):
        raise missing(call.args["path"], HEADERS)
    context = Context(call, files)
    page, headers = paginate(call, entries(files, call.args["path"], dav.depth(call)))
    if is_legacy(call):
        headers["DAV"] = LEGACY_COMPLIANCE
    return dav.multistatus((context.answer(entry, asked) for entry in page), headers=headers)


def foreign_root(call: Call, asked: dav.Propfind) -> web.StreamResponse:
    """Somebody else's files: an empty folder that shows nothing but its type."""
    found, missing_names = dav.select(asked, {f"{dav.DAV}resourcetype": "<d:collection/>"}, [f"{dav.DAV}resourcetype"])
    href = call.href(dav.href(f"/remote.php/dav/files/{call.args['user']}/"))
    return dav.multistatus([dav.Entry(href, found, missing_names)])


def entries(files: UserFiles, path: str, depth: str) -> Iterator[Entry]:
    if depth == "infinity":
        yield from files.walk(path)
        return
    entry = files.get(path)
    yield entry
    if depth == "1" and entry.node.is_folder:
        yield from files.children(entry.path)


def paginate(call: Call, found: Iterator[Entry]) -> tuple[Iterator[Entry], dict[str, str]]:
    """X-NC-Paginate: the first answer counts all and gives a token, later ones take X-NC-Paginate-Offset."""
    if call.header("X-NC-Paginate") != "true":
        return found, {}
    kept: dict[str, list[Entry]] = call.sandbox.volatile.setdefault("pages", {})
    token = call.header("X-NC-Paginate-Token")
    listed = kept.get(token)
    headers = {"X-NC-Paginate": "true"}
    if listed is None:
        token, listed = call.sandbox.random(32), list(found)
        kept[token] = listed
        while len(kept) > 100:
            del kept[next(iter(kept))]
        headers |= {"X-NC-Paginate-Token": token, "X-NC-Paginate-Total": str(len(listed))}
    offset = int(call.header("X-NC-Paginate-Offset", "0"))
    return islice(listed, offset, offset + int(call.header("X-NC-Paginate-Count", "100"))), headers
