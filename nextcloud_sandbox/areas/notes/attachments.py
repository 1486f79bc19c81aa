"""Attachments of notes; these routes exist in version 1.4 only."""

import secrets

from aiohttp import web
from aiohttp.multipart import BodyPartReader

from nextcloud_sandbox.areas.notes.api import answer, find, notes_of
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.dav import http_date
from nextcloud_sandbox.routing import Routes

routes = Routes("notes")
ATTACHMENT = "/apps/notes/api/v1.4/attachment/{id:\\d+}"


@routes.app("GET", ATTACHMENT)
async def get(call: Call) -> web.StreamResponse:
    notes, values = notes_of(call), await call.params()
    note = find(call, notes)
    folder = note.entry.path.rpartition("/")[0]
    path = values.text("path")
    file = notes.files.find(f"{folder}/{path}") if ".." not in path.split("/") else None
    if file is None or file.node.is_folder:
        return call.json({"errorType": "OCP\\Files\\NotFoundException"}, 404)
    headers = {
        "Cache-Control": "private, max-age=3600, must-revalidate",
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Vary": "Authorization, Cookie",
        "Expires": http_date(call.sandbox.now() + 3600),
    }
    return reply(200, file.node.content, file.node.mime, headers)


@routes.app("POST", ATTACHMENT)
async def upload(call: Call) -> web.StreamResponse:
    """The field "file" of a multipart form, stored beside the note under a made-up name."""
    notes = notes_of(call)
    note = find(call, notes)
    if not call.request.content_type.startswith("multipart/"):
        return answer(call, {"errorType": "Exception"}, 400)
    async for part in await call.request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "file":
            ending = (part.filename or "").rpartition(".")[2]
            name = secrets.token_hex(16) + (f".{ending}" if "." in (part.filename or "") else "")
            notes.files.write(f"{note.entry.path.rpartition('/')[0]}/{name}", bytes(await part.read()))
            return answer(call, {"filename": name})
    return answer(call, {"errorType": "Exception"}, 400)
