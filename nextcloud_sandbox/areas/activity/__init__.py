"""The activity log: what people did to their files and shared (OCS API v2). Unlike the real one it does not merge similar entries."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call, dumps, reply
from nextcloud_sandbox.core import Area, Sandbox
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.nodes import Node

routes = Routes("activity")
API = "/apps/activity/api/v2/activity"
FIRST, LONGEST = 100, 5000
KINDS = {
    "file.created": ("file_created", "You created", "add-color"),
    "file.deleted": ("file_deleted", "You deleted", "delete-color"),
    "file.renamed": ("file_changed", "You renamed", "change"),
    "file.restored": ("file_restored", "You restored", "history"),
}
SHARED = {
    ("shared", True): "You shared {file} with {user}",
    ("shared", False): "{actor} shared {file} with you",
    ("unshared", True): "You removed {user} from {file}",
    ("unshared", False): "{actor} removed you from the share named {file}",
}
"""By what was done, and whether it is told to who did it."""
SHARED_LINK = {"shared": "You shared {file} as public link", "unshared": "You removed public link for {file}"}
FILTERS = (
    ("all", "All activities", "/apps/activity/img/activity-dark.svg", 0),
    ("self", "By you", "/core/img/actions/user.svg", 1),
    ("by", "By others", "/core/img/places/contacts.svg", 2),
    ("circles", "Teams", "/apps/circles/img/circles-dark.svg", 10),
    ("files_favorites", "Favorites", "/core/img/actions/star-dark.svg", 10),
    ("files", "File changes", "/core/img/places/files.svg", 30),
    ("security", "Security", "/core/img/actions/password.svg", 30),
    ("files_sharing", "File shares", "/core/img/actions/share.svg", 31),
    ("calendar", "Calendar", "/core/img/places/calendar.svg", 40),
    ("calendar_todo", "Tasks", "/core/img/actions/checkmark.svg", 40),
    ("comments", "Comments", "/core/img/actions/comment.svg", 40),
    ("contacts", "Contacts", "/core/img/places/contacts.svg", 40),
    ("deck", "Deck", "/apps/deck/img/deck-dark.svg", 90),
    ("tables", "Tables", "/apps/tables/img/app-dark.svg", 90),
)


@dataclass(slots=True)
class Event:
    """`moment` in unix seconds; of a share also the words, and the people in them by placeholder."""

    id: int
    user: str
    event: str
    file: int
    path: str
    moment: float
    words: str = ""
    people: dict[str, str] = field(default_factory=dict[str, str])


def kept(sandbox: Sandbox) -> list[Event]:
    return sandbox.slot("activity", list[Event])


def hear(sandbox: Sandbox, event: str, user: str, details: dict[str, Any]) -> None:
    node: Node | None = details.get("node")
    if event in KINDS and node is not None:
        write(sandbox, Event(0, user, event, node.id, str(details["path"]), sandbox.now()))
    elif event.startswith("share."):
        hear_share(sandbox, event.partition(".")[2], user, details)


def write(sandbox: Sandbox, event: Event) -> None:
    log = kept(sandbox)
    event.id = log[-1].id + 1 if log else FIRST
    log.append(event)
    del log[:-LONGEST]


def hear_share(sandbox: Sandbox, done: str, user: str, details: dict[str, Any]) -> None:
    """Who shares sees it in their log, the person it is shared with in theirs."""
    file, path, other = int(details["file"]), str(details["path"]), details["recipient"]
    if other is None:
        write(sandbox, Event(0, user, done, file, path, sandbox.now(), SHARED_LINK[done]))
        return
    write(sandbox, Event(0, user, done, file, path, sandbox.now(), SHARED[done, True], {"user": other}))
    write(sandbox, Event(0, other, done, file, str(details["target"]), sandbox.now(), SHARED[done, False], {"actor": user}))


def record(call: Call, one: Event) -> dict[str, Any]:
    kind, subject, icon = KINDS.get(one.event, ("shared", "", ""))
    words = one.words or f"{subject} {{file}}"
    folder, _, name = one.path.rpartition("/")
    file = {"type": "file", "id": str(one.file), "name": name, "path": one.path.strip("/"), "link": call.url(f"/f/{one.file}")}
    people = {key: {"type": "user", "id": id, "name": call.sandbox.users[id].display_name} for key, id in one.people.items()}
    said = {"file": file["path"] if one.words else name, **{key: f"@{who['name']}" for key, who in people.items()}}
    return {
        "activity_id": one.id,
        "app": "files_sharing" if one.words else "files",
        "type": kind,
        "user": one.people.get("actor", one.user),
        "subject": words.format(**said),
        "subject_rich": [words, {"file": file, **people}],
        "message": "",
        "message_rich": ["", []],
        "object_type": "files",
        "object_id": one.file,
        "object_name": one.path,
        "objects": {str(one.file): one.path},
        "link": call.url(f"/apps/files/?dir={folder or '/'}"),
        "icon": f"{call.base_url()}/core/img/actions/share.svg" if one.words else f"{call.base_url()}/apps/files/img/{icon}.svg",
        "datetime": datetime.fromtimestamp(int(one.moment), UTC).isoformat(),
    }


def parts(one: Event) -> tuple[str, str, str]:
    """The filters that show an entry."""
    return ("all", "by" if "actor" in one.people else "self", "files_sharing" if one.words else "files")


@routes.ocs("GET", API + "/filters")
async def filters(call: Call) -> web.StreamResponse:
    """Deck and Tables tell their icons without the host."""
    data: list[dict[str, Any]] = []
    for key, name, icon, order in FILTERS:
        base = "" if key in ("deck", "tables") else call.base_url()
        data.append({"id": key, "name": name, "icon": base + icon, "priority": order})
    return ocs.ok(call, data)


@routes.ocs("GET", API)
@routes.ocs("GET", API + "/{filter}")
async def listing(call: Call) -> web.StreamResponse:
    """Entries before `since`, newest first; 304 where there are none."""
    values, chosen = await call.params(), call.args.get("filter", "all")
    if chosen not in [key for key, *_ in FILTERS]:
        return ocs.fail(call, 404)
    every = [one for one in kept(call.sandbox) if one.user == call.uid]
    since, limit = values.integer("since"), values.integer("limit", 50)
    if since and since not in [one.id for one in every]:
        return ocs.fail(call, 403)
    mine = [one for one in reversed(every) if chosen in parts(one) and (not since or one.id < since)]
    page = mine[:limit]
    etag = hashlib.md5(dumps([one.id for one in page]), usedforsecurity=False).hexdigest()
    if not page:
        return reply(304, kind=None, headers={"ETag": etag})
    headers = {"X-Activity-First-Known": str(every[-1].id), "X-Activity-Last-Given": str(page[-1].id), "ETag": etag}
    if len(mine) > limit:
        query = f"since={page[-1].id}&limit={limit}&sort=desc" + ("&format=json" if values.text("format") == "json" else "")
        headers["Link"] = f'<{call.base_url()}/ocs/v2.php{call.path}?{query}>; rel="next"'
    return ocs.ok(call, [record(call, one) for one in page], headers)


AREA = Area("activity", routes, hear=hear, order=90)
