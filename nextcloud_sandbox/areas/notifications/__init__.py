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
    """`moment` in unix seconds."""

    id: int
    user: str
    app: str
    subject: str
    moment: float
    object_id: str
    link: str = ""


def kept(sandbox: Sandbox) -> dict[int, Notification]:
    return sandbox.slot("notifications", dict[int, Notification])


def notify(sandbox: Sandbox, user: str, app: str, subject: str, link: str = "") -> Notification:
    """Let something wait for `user`."""
    number = sandbox.next_id()
    made = kept(sandbox)[number] = Notification(number, user, app, subject, sandbox.now(), f"{number:07x}1", link)
    return made


def record(call: Call, one: Notification) -> dict[str, Any]:
    return {
        "notification_id": one.id,
        "app": one.app,
        "user": one.user,
        "datetime": datetime.fromtimestamp(int(one.moment), UTC).isoformat(),
        "object_type": one.app,
        "object_id": one.object_id,
        "subject": one.subject,
        "message": "",
        "link": one.link,
        "subjectRich": "",
        "subjectRichParameters": [],
        "messageRich": "",
        "messageRichParameters": [],
        "icon": f"{call.base_url()}/apps/notifications/img/notifications-dark.svg",
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


AREA = Area("notifications", routes, seed=seed, order=90)
