"""Who may call which family of routes, and how the refusals look."""

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call, dumps, html, reply
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.identity import scheme
from nextcloud_sandbox.routing import Access, Family

BASIC = {"WWW-Authenticate": 'Basic realm="Authorisation Required"'}
DAV_BASIC = {"WWW-Authenticate": 'Basic realm="Nextcloud", charset="UTF-8"'}
NO_BASIC = "No 'Authorization: Basic' header found. Either the client didn't send one, or the server is misconfigured"
NO_BEARER = "No 'Authorization: Bearer' header found. Either the client didn't send one, or the server is mis-configured"
WRONG = "Username or password was incorrect"


def guard(call: Call, access: Access) -> web.Response | None:
    """The refusal, or None when the call may go on."""
    family = call.match.family
    if family is Family.RAW:
        return None
    if family is Family.DAV:
        return guard_dav(call, access)
    return guard_ocs(call, access) if family is Family.OCS else guard_app(call, access)


def guard_dav(call: Call, access: Access) -> web.Response | None:
    if call.identity.user is not None or access is Access.PUBLIC:
        return None
    if call.identity.failure == "disabled":
        return DavError(503, "OC\\User\\DisabledUserException: Account disabled").response()
    first = WRONG if scheme(call.request) == "basic" else NO_BASIC
    second = WRONG if scheme(call.request) == "bearer" else NO_BEARER
    message = f"No public access to this resource., This request is not for a federated calendar, {first}, {second}, {first}"
    return DavError(401, message, headers=DAV_BASIC).response()


def has_api_header(call: Call) -> bool:
    return call.header("OCS-APIRequest").lower() == "true"


def guard_ocs(call: Call, access: Access) -> web.Response | None:
    if call.identity.failure:
        return ocs.fail(call, 997, "Unauthorised", headers=BASIC)
    if call.identity.user is None and access is not Access.PUBLIC:
        return ocs.fail(call, 997, "Current user is not logged in")
    if not has_api_header(call) and scheme(call.request) != "bearer":
        return call.json({"message": "CSRF check failed"}, 412)
    if access is Access.ADMIN and not call.is_admin:
        return ocs.fail(call, 403, "Logged in account must be an admin")
    return None


def guard_app(call: Call, access: Access) -> web.Response | None:
    if call.identity.failure:
        return login_failed(call)
    if access is Access.PUBLIC:
        return None
    if access is Access.CORS and not has_api_header(call):
        return guard_cors(call)
    if call.identity.user is None:
        return call.json({"message": "Current user is not logged in"}, 401)
    if access in (Access.CSRF, Access.ADMIN) and not has_api_header(call):
        return call.json({"message": "CSRF check failed"}, 412)
    if access is Access.ADMIN and not call.is_admin:
        return call.json({"message": "Logged in account must be an admin"}, 403)
    return None


def guard_cors(call: Call) -> web.Response | None:
    """@CORS routes without OCS-APIRequest log the session out and want Basic credentials."""
    identity = call.identity
    call.sandbox.data.sessions.pop(identity.session_key, None)
    identity.session = None
    if scheme(call.request) != "basic" or identity.credentials is None:
        return call.json({"message": "CORS requires basic auth"}, 401)
    identity.user, identity.by = identity.credentials, "basic"
    return None


def login_failed(call: Call) -> web.Response:
    """The bare answer of a refused login: a page for browsers, JSON for others."""
    message = "Account disabled" if call.identity.failure == "disabled" else ""
    if "html" in call.header("Accept").lower():
        return html(
            401, f"<!DOCTYPE html><html><head><title>Nextcloud</title></head><body><h1>Unauthorized</h1><p>{message}</p></body></html>"
        )
    return reply(401, dumps({"message": message}), "application/json; charset=utf-8")


def not_found(call: Call) -> web.Response:
    """No route: what each family answers."""
    if call.match.family is Family.DAV:
        refused = guard_dav(call, Access.OPEN)
        unsupported = f"There was no plugin in the system that was willing to handle this {call.request.method} method."
        error = DavError(501, unsupported) if call.match.other_method else DavError(404, "File not found")
        return refused or error.response()
    if call.match.other_method:
        return html(405, "")
    if call.match.family is Family.OCS:
        if call.identity.failure:
            return ocs.fail(call, 997, "Unauthorised", headers=BASIC)
        return ocs.fail(call, 998, ocs.UNKNOWN)
    if call.identity.failure:
        return login_failed(call)
    return html(404, "<!DOCTYPE html><html><head><title>Nextcloud</title></head><body><h1>Page not found</h1></body></html>")


def maintenance(call: Call) -> web.Response:
    headers = {"X-Nextcloud-Maintenance-Mode": "1", "Retry-After": "120"}
    if call.match.family is Family.OCS:
        return ocs.fail(call, 503, "Service unavailable", headers={"X-Nextcloud-Maintenance-Mode": "1"})
    if call.match.family is Family.DAV:
        return DavError(503, "System is in maintenance mode.", headers=headers).response()
    return html(503, "<!DOCTYPE html><html><head><title>Nextcloud</title></head><body><h1>Maintenance mode</h1></body></html>", headers)
