"""App passwords over OCS: get one, confirm, rotate, revoke."""

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.identity import basic
from nextcloud_sandbox.model import AppPassword
from nextcloud_sandbox.routing import Routes

routes = Routes("core")


def used(call: Call) -> AppPassword:
    """The app password of this request; 403 when there is none."""
    found = call.identity.app_password
    if found is None:
        raise ocs.refuse(call, 403, "no app password in use")
    return found


def client_name(call: Call) -> str:
    return call.header("User-Agent") or "unknown"


@routes.ocs("GET", "/core/getapppassword")
async def create(call: Call) -> web.StreamResponse:
    if call.identity.app_password is not None:
        return ocs.fail(call, 403, "You cannot request an new apppassword with an apppassword")
    login, _ = basic(call.request) or (call.uid, "")
    made = call.sandbox.new_app_password(call.uid, client_name(call), login)
    return ocs.ok(call, {"apppassword": made.token})


@routes.ocs("DELETE", "/core/apppassword")
async def revoke(call: Call) -> web.StreamResponse:
    call.sandbox.revoke(used(call).token)
    return ocs.ok(call)


@routes.ocs("POST", "/core/apppassword/rotate")
async def rotate(call: Call) -> web.StreamResponse:
    old = used(call)
    made = call.sandbox.new_app_password(old.user, old.name, old.login_name)
    call.sandbox.revoke(old.token)
    return ocs.ok(call, {"apppassword": made.token})


@routes.ocs("PUT", "/core/apppassword/confirm")
async def confirm(call: Call) -> web.StreamResponse:
    values = await call.params()
    if values.text("password") != call.user.password:
        return ocs.fail(call, 403)
    return ocs.ok(call, {"lastLogin": int(call.sandbox.now())})
