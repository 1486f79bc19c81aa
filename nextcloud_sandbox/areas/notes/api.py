"""The REST API of Notes, versions 0.2 to 1.4."""

import hashlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from nextcloud_sandbox.areas.notes.service import DEFAULTS, NoNote, Note, Notes
from nextcloud_sandbox.calls import Call, Refusal, dumps, reply
from nextcloud_sandbox.dav import http_date
from nextcloud_sandbox.params import Params
from nextcloud_sandbox.routing import Routes

routes = Routes("notes")
API = "/apps/notes/api/v{version:0\\.2|1|1\\.3|1\\.4}"
VERSIONS = {"X-Notes-API-Versions": "0.2, 1.3, 1.4"}
FIELDS = ("title", "content", "category", "favorite", "modified")


def answer(call: Call, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return call.json(data, status, {**VERSIONS, **(headers or {})})


def notes_of(call: Call) -> Notes:
    return Notes(call.sandbox, call.uid)


def find(call: Call, notes: Notes) -> Note:
    try:
        return notes.get(int(call.args["id"]))
    except NoNote:
        raise Refusal(answer(call, {"errorType": "OCA\\Notes\\Service\\NoteDoesNotExistException"}, 404)) from None


def conditional(call: Call, data: Any, headers: dict[str, str]) -> web.Response:
    """The answer, or 304 when the caller has it: same ETag, or same Last-Modified to the second."""
    same = call.header("If-None-Match").strip().strip('"') == headers["ETag"].strip('"')
    if same or ("Last-Modified" in headers and call.header("If-Modified-Since").strip() == headers["Last-Modified"]):
        return reply(304, kind=None, headers={**VERSIONS, **headers})
    return answer(call, data, headers=headers)


def md5(data: bytes) -> str:
    return '"' + hashlib.md5(data, usedforsecurity=False).hexdigest() + '"'


@routes.app("GET", API + "/notes")
async def listing(call: Call) -> web.StreamResponse:
    values, notes = await call.params(), notes_of(call)
    exclude = frozenset(values.text("exclude").split(",")) - {""}
    now = int(call.sandbox.now())
    found = notes.all()
    if "category" in values:
        found = [note for note in found if note.category == values.text("category")]
    changed, pruned = split(notes, found, values.integer("pruneBefore"))
    headers = {"Last-Modified": http_date(now)}
    changed, pruned, extra = chunk(notes, changed, pruned, values, now)
    data = [notes.record(note, exclude) for note in changed] + [{"id": note.id} for note in pruned]
    return conditional(call, data, {**headers, "ETag": md5(dumps(data)), **extra})


def split(notes: Notes, found: list[Note], before: int) -> tuple[list[Note], list[Note]]:
    """The notes that changed at or after `before`, oldest change first, and the others."""
    changed = [note for note in found if notes.meta(note).last_update >= before]
    pruned = [note for note in found if notes.meta(note).last_update < before]
    return sorted(changed, key=lambda note: (notes.meta(note).last_update, note.id)), pruned


def chunk(notes: Notes, changed: list[Note], pruned: list[Note], values: Params, now: int) -> tuple[list[Note], list[Note], dict[str, str]]:
    """One chunk of the list; the pruned notes come with the last one."""
    size, cursor = values.integer("chunkSize"), values.text("chunkCursor")
    started = now
    if cursor:
        try:
            started, update, last = (int(part) for part in cursor.split("-"))
        except ValueError:
            raise Refusal(reply(400, b"[]", "application/json; charset=utf-8", VERSIONS)) from None
        changed = [note for note in changed if (notes.meta(note).last_update, note.id) > (update, last)]
    if not size or len(changed) <= size:
        return changed, pruned, {}
    page = changed[:size]
    end = f"{started}-{notes.meta(page[-1]).last_update}-{page[-1].id}"
    return page, [], {"X-Notes-Chunk-Cursor": end, "X-Notes-Chunk-Pending": str(len(changed) - size)}


@routes.app("GET", API + "/notes/{id:\\d+}")
async def get(call: Call) -> web.StreamResponse:
    values, notes = await call.params(), notes_of(call)
    note = find(call, notes)
    data = notes.record(note, frozenset(values.text("exclude").split(",")) - {""})
    return conditional(call, data, {"ETag": f'"{notes.meta(note).etag}"'})


@routes.app("POST", API + "/notes")
async def create(call: Call) -> web.StreamResponse:
    values, notes = await call.params(), notes_of(call)
    modified = values.integer("modified")
    note = notes.create(values.text("title"), values.text("content"), values.text("category"), values.flag("favorite"), modified or None)
    return answer(call, notes.record(note))


@routes.app("PUT", API + "/notes/{id:\\d+}")
async def update(call: Call) -> web.StreamResponse:
    values, notes = await call.params(), notes_of(call)
    note = find(call, notes)
    wanted = call.headers.get("If-Match")
    if wanted is not None and wanted != f'"{notes.meta(note).etag}"':
        return answer(call, notes.record(note), 412)
    if note.readonly:
        return answer(call, {"errorType": "OCP\\Files\\NotPermittedException"}, 403)
    given: dict[str, Any] = {name: values[name] for name in FIELDS if values.get(name) is not None}
    if "modified" in given:
        given["modified"] = values.integer("modified")
        if not given["modified"]:
            del given["modified"]
    if "favorite" in given:
        given["favorite"] = values.flag("favorite")
    return answer(call, notes.record(notes.update(note, given)))


@routes.app("DELETE", API + "/notes/{id:\\d+}")
async def delete(call: Call) -> web.StreamResponse:
    notes = notes_of(call)
    notes.delete(find(call, notes))
    return answer(call, [])


@routes.app("GET", API + "/settings")
async def settings(call: Call) -> web.StreamResponse:
    return answer(call, notes_of(call).settings)


@routes.app("PUT", API + "/settings")
async def change_settings(call: Call) -> web.StreamResponse:
    """Anything goes, also ".exe" as a suffix; an empty value restores the default."""
    values, kept = await call.params(), notes_of(call).settings
    for name, default in DEFAULTS.items():
        if name in values:
            kept[name] = values.text(name) or default
    if not kept["fileSuffix"].startswith("."):
        kept["fileSuffix"] = "." + kept["fileSuffix"]
    return answer(call, kept)


@routes.app("GET POST PUT DELETE", "/apps/notes/api/{rest:.*}")
async def unknown(call: Call) -> web.StreamResponse:
    return answer(call, [], 400)
