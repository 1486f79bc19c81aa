"""Notifications: what waits for a person (OCS API v2)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call, dumps
from nextcloud_sandbox.core import Area, Sandbox
from nextcloud_sandbox.routing import Routes

routes = Routes("notifications")
API = "/apps/notifications/api/v2/notifications"
NO_PUSH = "Internet connectivity is disabled in configuration file - no push notifications will be sent\n"


@dataclass(slots=True)
class Notification:
    """`moment` in unix seconds, `link` and `icon` paths; `rich` is the subject with placeholders and what stands for them."""

    id: int
    user: str
    app: str
    subject: str
    moment: float
    object_id: str
    link: str = ""
    object_type: str = ""
    icon: str = "/apps/notifications/img/notifications-dark.svg"
    rich: tuple[str, dict[str, dict[str, str]]] = ("", {})


def kept(sandbox: Sandbox) -> dict[int, Notification]:
    return sandbox.slot("notifications", dict[int, Notification])


def notify(sandbox: Sandbox, user: str, app: str, subject: str, link: str = "") -> Notification:
    """Let something wait for `user`."""
    number = sandbox.next_id()
    made = kept(sandbox)[number] = Notification(number, user, app, subject, sandbox.now(), f"{number:07x}1", link)
    return made


def record(call: Call, one: Notification) -> dict[str, Any]:
    subject, parameters = one.rich
    linked = {name: {key: call.url(text) if key == "link" else text for key, text in said.items()} for name, said in parameters.items()}
    return {
        "notification_id": one.id,
        "app": one.app,
        "user": one.user,
        "datetime": datetime.fromtimestamp(int(one.moment), UTC).isoformat(),
        "object_type": one.object_type or one.app,
        "object_id": one.object_id,
        "subject": one.subject,
        "message": "",
        "link": call.url(one.link) if one.link else "",
        "subjectRich": subject,
        "subjectRichParameters": linked or [],
        "messageRich": "",
        "messageRichParameters": [],
        "icon": f"{call.base_url()}{one.icon}",
        "shouldNotify": True,
        "actions": [],
    }


@routes.ocs("GET", API)
async def listing(call: Call) -> web.StreamResponse:
    mine = sorted((one for one in kept(call.sandbox).values() if one.user == call.uid), key=lambda one: -one.id)
    etag = hashlib.md5(dumps([one.id for one in mine]), usedforsecurity=False).hexdigest()
    return ocs.ok(call, [record(call, one) for one in mine], {"ETag": f'"{etag}"', "X-Nextcloud-User-Status": "online"})


@routes.ocs("GET", API + "/{id:\\d+}")
async def get(call: Call) -> web.StreamResponse:
    found = kept(call.sandbox).get(int(call.args["id"]))
    if found is None or found.user != call.uid:
        return ocs.fail(call, 404, "", None)
    return ocs.ok(call, record(call, found))


@routes.ocs("DELETE", API + "/{id:\\d+}")
async def dismiss(call: Call) -> web.StreamResponse:
    """Any id is fine."""
    found = kept(call.sandbox).get(int(call.args["id"]))
    if found is not None and found.user == call.uid:
        del kept(call.sandbox)[found.id]
    return ocs.ok(call, [])


@routes.ocs("POST", "/apps/notifications/api/v3/test/self")
async def test(call: Call) -> web.StreamResponse:
    made = notify(call.sandbox, call.uid, "admin_notifications", "Testing push notifications")
    return ocs.ok(call, {"message": NO_PUSH, "nid": made.id})


def seed(sandbox: Sandbox) -> None:
    notify(sandbox, "alice", "admin_notifications", "The Nextcloud will be updated on Sunday night")


def hear(sandbox: Sandbox, event: str, user: str, details: dict[str, Any]) -> None:
    """Deck tells people when a board is shared with them, and takes it back when it no longer is."""
    if event == "board.shared":
        for one in details["people"]:
            if one in sandbox.users:
                board_shared(sandbox, one, user, str(details["board"]), details["title"])
    elif event == "board.unshared":
        mine = kept(sandbox)
        for one in [one for one in mine.values() if (one.object_type, one.object_id) == ("board", str(details["board"]))]:
            if one.user in details["people"]:
                del mine[one.id]


def board_shared(sandbox: Sandbox, user: str, by: str, board: str, title: str) -> None:
    name, link = sandbox.users[by].display_name, f"/apps/deck/board/{board}"
    made = notify(sandbox, user, "deck", f'The board "{title}" has been shared with you by {name}.', link)
    made.object_type, made.object_id, made.icon = "board", board, "/custom_apps/deck/img/deck-dark.svg"
    parameters = {
        "deck-board": {"type": "deck-board", "id": board, "name": title, "link": link},
        "user": {"type": "user", "id": by, "name": name},
    }
    made.rich = "{user} has shared {deck-board} with you.", parameters


AREA = Area("notifications", routes, seed=seed, hear=hear, order=90)
