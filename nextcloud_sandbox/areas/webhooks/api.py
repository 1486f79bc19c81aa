"""Registering webhooks: /ocs/v2.php/apps/webhook_listeners/api/v1/webhooks, for administrators."""

from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.areas.webhooks.state import Hook, Hooks, Refused, hooks
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.routing import Routes

routes = Routes("webhook_listeners")
BASE = "/apps/webhook_listeners/api/v1/webhooks"
ONE = BASE + "/{id:\\d+}"
NOT_ADMIN = "Logged in account must be an admin, a sub admin or gotten special right to access this setting"


def registered(call: Call) -> Hooks:
    if not call.is_admin:
        raise ocs.refuse(call, 403, NOT_ADMIN)
    return hooks(call.sandbox)


@routes.ocs("GET", BASE)
async def index(call: Call) -> web.StreamResponse:
    found = list(registered(call).by_id.values())
    uri = (await call.params()).get("uri")
    return ocs.ok(call, [hook.shown() for hook in found if uri is None or hook.uri == uri])


@routes.ocs("GET", ONE)
async def show(call: Call) -> web.StreamResponse:
    hook = registered(call).by_id.get(int(call.args["id"]))
    if hook is None:
        raise ocs.refuse(
            call, 404, 'Did expect one result but found none when executing: query "SELECT * FROM `*PREFIX*webhook_listeners`"'
        )
    return ocs.ok(call, hook.shown())


@routes.ocs("POST", BASE)
async def create(call: Call) -> web.StreamResponse:
    known = registered(call)
    return await put(call, known, known.new_id())


@routes.ocs("POST", ONE)
async def update(call: Call) -> web.StreamResponse:
    return await put(call, registered(call), int(call.args["id"]))


@routes.ocs("DELETE", ONE)
async def destroy(call: Call) -> web.StreamResponse:
    """An id that is unknown is no error."""
    return ocs.ok(call, registered(call).by_id.pop(int(call.args["id"]), None) is not None)


async def put(call: Call, known: Hooks, id: int) -> web.StreamResponse:
    values = await call.params()

    def mapping(name: str) -> dict[str, Any] | None:
        value: Any = values.get(name)
        return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]

    hook = Hook(
        id,
        call.uid,
        values.text("httpMethod"),
        values.text("uri"),
        values.text("event"),
        mapping("eventFilter") or {},
        values.text("userIdFilter"),
        mapping("headers"),
        values.text("authMethod", "none"),
        mapping("authData"),
    )
    try:
        return ocs.ok(call, known.put(hook).shown())
    except Refused as refused:
        raise ocs.refuse(call, 400, str(refused)) from None
