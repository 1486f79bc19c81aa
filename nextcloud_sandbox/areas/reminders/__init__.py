"""Reminders of files (OCS API v1)."""

from datetime import UTC, datetime

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area, Sandbox
from nextcloud_sandbox.routing import Routes

routes = Routes("files_reminders")
ADDRESS = "/apps/files_reminders/api/v1/{id:\\d+}"


def kept(sandbox: Sandbox) -> dict[tuple[str, int], str]:
    """When, by person and file."""
    return sandbox.slot("files_reminders", dict[tuple[str, int], str])


def key(call: Call) -> tuple[str, int]:
    return call.uid, int(call.args["id"])


@routes.ocs("GET", ADDRESS)
async def get(call: Call) -> web.StreamResponse:
    """Also for files that are not there."""
    return ocs.ok(call, {"dueDate": kept(call.sandbox).get(key(call))})


@routes.ocs("PUT", ADDRESS)
async def put(call: Call) -> web.StreamResponse:
    """Nextcloud 32.0 says yes to another time for a reminder that is there, and keeps the old one."""
    values = await call.params()
    try:
        due = datetime.fromisoformat(values.text("dueDate"))
    except ValueError:
        return ocs.fail(call, 400)
    if call.sandbox.files(call.uid).by_id(int(call.args["id"])) is None:
        return ocs.fail(call, 404)
    if key(call) in kept(call.sandbox):
        return ocs.ok(call, [])
    kept(call.sandbox)[key(call)] = (due if due.tzinfo else due.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")
    return ocs.ok(call, [], status=201)


@routes.ocs("DELETE", ADDRESS)
async def delete(call: Call) -> web.StreamResponse:
    return ocs.ok(call, []) if kept(call.sandbox).pop(key(call), None) else ocs.fail(call, 404)


AREA = Area("files_reminders", routes, order=90)
