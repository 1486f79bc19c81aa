"""What is behind a public link, for anybody who has it: WebDAV and the download."""

import base64
import binascii
from collections.abc import Iterator
from urllib.parse import quote

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.files.properties import Context
from nextcloud_sandbox.areas.files.reading import content, zipped
from nextcloud_sandbox.areas.sharing.state import Share, Shares
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.user import Entry

routes = Routes("files_sharing")
HEADERS = {"DAV": "1, 3, extended-mkcol, nextcloud-checksum-update", "Vary": "Brief,Prefer"}


@routes.raw("PROPFIND", "/public.php/dav/files/{token}{path:(?:/.*)?}")
async def propfind(call: Call) -> web.StreamResponse:
    share, entry = opened(call)
    files = call.sandbox.files(share.owner)
    asked = dav.parse_propfind(await call.body())
    context = Context(call, files)
    return dav.multistatus([context.answer(one, asked, href(call, share, one)) for one in below(call, share, entry)], headers=HEADERS)


@routes.raw("GET HEAD", "/public.php/dav/files/{token}{path:(?:/.*)?}")
@routes.raw("GET HEAD", "/s/{token}/download")
async def download(call: Call) -> web.StreamResponse:
    share, entry = opened(call)
    if entry.node.is_folder:
        return zipped(call.sandbox.files(share.owner), entry)
    headers = {"ETag": f'"{entry.node.etag}"', "Content-Disposition": f"attachment; filename*=UTF-8''{quote(entry.name)}"}
    return content(call, entry.node.content, entry.node.mime, headers)


@routes.raw("GET", "/s/{token}")
async def page(call: Call) -> web.StreamResponse:
    share, entry = opened(call)
    return html(200, f"<!DOCTYPE html><title>{dav.text(entry.name)}</title><p>{dav.text(share.owner)} shares {dav.text(entry.name)}.</p>")


def opened(call: Call) -> tuple[Share, Entry]:
    """The share and what is asked for in it; a link with a password wants it as that of "anonymous"."""
    shares = Shares(call.sandbox)
    share = shares.by_token(call.args["token"])
    root = shares.entry_for(share, share.owner) if share else None
    if share is None or root is None:
        raise dav.DavError(404, "Share not found")
    if share.password and password_of(call) != share.password:
        raise dav.DavError(401, "Cannot authenticate over ajax calls")
    found = call.sandbox.files(share.owner).find(f"{root.path}/{call.args.get('path', '').strip('/')}".rstrip("/") or "/")
    if found is None:
        raise dav.DavError(404, f"File with name {call.args['path']} could not be located")
    return share, found


def password_of(call: Call) -> str:
    kind, _, value = call.header("Authorization").partition(" ")
    try:
        return base64.b64decode(value).decode().partition(":")[2] if kind.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def below(call: Call, share: Share, entry: Entry) -> Iterator[Entry]:
    yield entry
    if dav.depth(call) != "0" and entry.node.is_folder:
        yield from call.sandbox.files(share.owner).children(entry.path)


def href(call: Call, share: Share, entry: Entry) -> str:
    root = Shares(call.sandbox).entry_for(share, share.owner)
    inside = entry.path[len(root.path) :].strip("/") if root and entry.path != root.path else ""
    path = f"/public.php/dav/files/{share.token}/{inside}"
    return call.href(dav.href(path + ("/" if entry.node.is_folder and inside else "")))
