"""What people tell about themselves (OCS API v1)."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area, Sandbox
from nextcloud_sandbox.routing import Routes

routes = Routes("user_status")
API = "/apps/user_status/api/v1"
MINE = f"{API}/user_status"
STATES = ("online", "away", "dnd", "busy", "invisible", "offline")
LONGEST = 80


@dataclass(slots=True)
class Status:
    """`clear_at` in unix seconds."""

    status: str = "offline"
    message: str | None = None
    icon: str | None = None
    clear_at: int | None = None


def kept(sandbox: Sandbox) -> dict[str, Status]:
    return sandbox.slot("user_status", dict[str, Status])


def told(user: str, found: Status, status: str) -> dict[str, Any]:
    return {"userId": user, "message": found.message, "icon": found.icon, "clearAt": found.clear_at, "status": status}


def own(call: Call, found: Status) -> web.Response:
    more = {"messageId": None, "messageIsPredefined": False, "statusIsUserDefined": True}
    return ocs.ok(call, {**told(call.uid, found, found.status), **more})


@routes.ocs("GET", MINE)
async def mine(call: Call) -> web.StreamResponse:
    found = kept(call.sandbox).get(call.uid)
    return own(call, found) if found else ocs.fail(call, 404, "No status for the current user")


@routes.ocs("GET", API + "/statuses/{user}")
async def of_somebody(call: Call) -> web.StreamResponse:
    found = kept(call.sandbox).get(call.args["user"])
    if found is None:
        return ocs.fail(call, 404, "No status for the requested userId")
    return ocs.ok(call, told(call.args["user"], found, "offline" if found.status == "invisible" else found.status))


@routes.ocs("PUT", MINE + "/status")
async def set_status(call: Call) -> web.StreamResponse:
    wanted = (await call.params()).text("statusType")
    if wanted not in STATES:
        return ocs.fail(call, 400, f'Status-type "{wanted}" is not supported')
    found = kept(call.sandbox).setdefault(call.uid, Status())
    found.status = wanted
    return own(call, found)


@routes.ocs("PUT", MINE + "/message/custom")
async def set_message(call: Call) -> web.StreamResponse:
    """Replaces message, icon and the time they go."""
    values = await call.params()
    icon, message, clear_at = values.get("statusIcon"), values.get("message"), values.get("clearAt")
    if icon and len(icon) > 1 and icon.isascii():
        return ocs.fail(call, 400, "Status-Icon is longer than one character")
    if message and len(message) > LONGEST:
        return ocs.fail(call, 400, f"Message is longer than supported length of {LONGEST} characters")
    if clear_at and int(clear_at) < call.sandbox.now():
        return ocs.fail(call, 400, "ClearAt is in the past")
    found = kept(call.sandbox).setdefault(call.uid, Status())
    found.message, found.icon, found.clear_at = message or None, icon or None, int(clear_at) if clear_at else None
    return own(call, found)


@routes.ocs("DELETE", MINE + "/message")
async def clear(call: Call) -> web.StreamResponse:
    found = kept(call.sandbox).get(call.uid)
    if found is not None:
        found.message = found.icon = found.clear_at = None
    return ocs.ok(call, [])


def seed(sandbox: Sandbox) -> None:
    kept(sandbox)["bob"] = Status("away", "On the train", "🚆")


AREA = Area("user_status", routes, seed=seed, order=90)
