"""The aiohttp application: faults, host check, routing, sign-in, cookies, request log."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web

from nextcloud_sandbox.calls import Call, Refusal, finish_headers, reply
from nextcloud_sandbox.core import Sandbox, Seen
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.guard import guard, maintenance, not_found
from nextcloud_sandbox.identity import Identity, identify, session_cookie
from nextcloud_sandbox.routing import Family, Match, Router

READS = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"})
INDEX = "/index.php"


def make_app(sandbox: Sandbox) -> web.Application:
    """The application that serves `sandbox` below `sandbox.prefix`."""
    router = Router([route for area in sandbox.areas for route in area.routes.routes])

    async def handle(request: web.Request) -> web.StreamResponse:
        return await serve(sandbox, router, request)

    app = web.Application(client_max_size=1 << 31)
    app.router.add_route("*", "/{tail:.*}", handle)
    return app


async def serve(sandbox: Sandbox, router: Router, request: web.Request) -> web.StreamResponse:
    path = plain_path(sandbox, request)
    seen = Seen(request.method, path or request.rel_url.raw_path, request.rel_url.raw_query_string, dict(request.headers))
    sandbox.requests.append(seen)
    response = await first_fault(sandbox, request, seen.path) or await answer(sandbox, router, request, path, seen)
    seen.status = response.status
    if request.method not in READS:
        sandbox.touch()
    return response


async def first_fault(sandbox: Sandbox, request: web.Request, path: str) -> web.StreamResponse | None:
    for fault in list(sandbox.faults):
        response = await fault(request, path)
        if response is not None:
            return response
    return None


async def answer(sandbox: Sandbox, router: Router, request: web.Request, path: str | None, seen: Seen) -> web.StreamResponse:
    if path is None:
        return reply(404, b"<html><head><title>404 Not Found</title></head></html>", "text/html")
    if not trusted(sandbox, request):
        return reply(400, b'{"error":"Trusted domain error.","code":15}', "application/json")
    match = disabled(sandbox, router.match(request.method, path))
    identity = Identity() if match.family is Family.RAW else identify(sandbox, request)
    call = Call(sandbox, request, match, identity)
    response = await respond(call)
    seen.user = identity.user.id if identity.user else None
    finish_headers(call, response)
    if not response.prepared and match.family is not Family.RAW:
        set_cookies(call, response)
    return response


async def respond(call: Call) -> web.StreamResponse:
    if call.sandbox.maintenance and call.match.family is not Family.RAW:
        return maintenance(call)
    try:
        route = call.match.route
        if route is None:
            return not_found(call)
        return guard(call, route.access) or await route.handler(call)
    except Refusal as refusal:
        return refusal.response
    except DavError as error:
        return error.response()


def disabled(sandbox: Sandbox, match: Match) -> Match:
    """A disabled app has no routes."""
    if match.route is None or match.route.app in sandbox.enabled:
        return match
    return Match(match.family, match.path, ocs_version=match.ocs_version)


def plain_path(sandbox: Sandbox, request: web.Request) -> str | None:
    """The raw path without prefix and /index.php; None when it lies outside, or needs /index.php and has none."""
    raw = request.rel_url.raw_path
    if sandbox.prefix:
        if not raw.startswith(sandbox.prefix + "/"):
            return None
        raw = raw[len(sandbox.prefix) :]
    if raw.startswith(INDEX + "/"):
        return raw[len(INDEX) :]
    return None if sandbox.index_php and raw.startswith(("/apps/", "/login", "/f/", "/s/")) else raw


def trusted(sandbox: Sandbox, request: web.Request) -> bool:
    if sandbox.trusted_hosts is None:
        return True
    host = urlsplit("//" + request.host)
    name = host.hostname or ""
    return name in sandbox.trusted_hosts or f"[{name}]" in sandbox.trusted_hosts or request.host in sandbox.trusted_hosts


def set_cookies(call: Call, response: web.StreamResponse) -> None:
    """Every answer of a signed-in request opens a session unless the request came with one."""
    identity, name = call.identity, call.sandbox.data.instance_id
    if name in response.cookies or identity.session is not None or (identity.user is None and session_cookie(call.sandbox, call.request)):
        return
    if identity.user is not None:
        key = call.sandbox.open_session(identity.user.id, identity.app_password.token if identity.app_password else None)
    else:
        key = call.sandbox.random(32)
    path = call.sandbox.prefix or "/"
    response.set_cookie(name, key, httponly=True, samesite="Lax", path=path)
    for other, value in cookie_companions(call.sandbox):
        response.set_cookie(other, value, httponly=True, path=path)


def cookie_companions(sandbox: Sandbox) -> Iterable[tuple[str, str]]:
    yield "oc_sessionPassphrase", sandbox.random(32)
    yield "nc_sameSiteCookielax", "true"
    yield "nc_sameSiteCookiestrict", "true"
