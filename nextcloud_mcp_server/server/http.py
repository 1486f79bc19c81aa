"""MCP over streamable HTTP, with health routes beside it.

Host and origin are checked on every route, CORS is closed unless it is configured, and nobody reaches MCP without being identified.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from nextcloud_mcp_server.auth.ports import Inbound, Unauthorized
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import Delayed
from nextcloud_mcp_server.server.catalog import UnknownToolset
from nextcloud_mcp_server.server.narrowing import Narrow
from nextcloud_mcp_server.server.protocol import CALLER, LIMITS
from nextcloud_mcp_server.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
Lifespan = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class SameHost:
    """Refuses requests that name another host or come from a web page of another origin (DNS rebinding)."""

    app: ASGIApp
    security: TransportSecuritySettings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Names of hosts have no case (RFC 9110, section 4.2.3); here and below they are compared in lower case.
            headers = [(name, value.lower() if name in (b"host", b"origin") else value) for name, value in scope["headers"]]
            scope = {**scope, "headers": headers}
            refused = await TransportSecurityMiddleware(self.security).validate_request(Request(scope))
            if refused is not None:
                await refused(scope, receive, send)
                return
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Identified:
    """Establishes who is calling before MCP begins, and leaves it in the scope of this one request."""

    app: ASGIApp
    inbound: Inbound
    narrow: Narrow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            caller = await self.inbound.identify(headers)
            scope[LIMITS] = self.narrow(headers)
        except Delayed as later:
            retry = {"Retry-After": f"{later.retry_after or 10:.0f}"}
            await JSONResponse({"error": "temporarily_unavailable", "message": later.message}, 503, retry)(scope, receive, send)
            return
        except Unauthorized as refusal:
            response = JSONResponse({"error": "unauthorized", "message": refusal.message}, 401, {"WWW-Authenticate": refusal.challenge})
            await response(scope, receive, send)
            return
        except UnknownToolset as unknown:
            await JSONResponse({"error": "unknown_toolset", "message": str(unknown)}, 400)(scope, receive, send)
            return
        scope[CALLER] = caller
        scope["user"] = sdk_user(caller)
        await self.app(scope, receive, send)


def sdk_user(caller: Caller) -> AuthenticatedUser:
    """The caller as the SDK knows one: it binds sessions of older protocols to whoever opened them."""
    token = AccessToken(token="", client_id=caller.client_id or caller.method, scopes=[], subject=f"{caller.issuer} {caller.subject}")
    return AuthenticatedUser(token)


def security(settings: Settings, host: str) -> TransportSecuritySettings:
    """The host names and origins that are this server: loopback, its public address, and what is configured."""
    hosts = {"127.0.0.1", "localhost", "[::1]", *settings.server.allowed_hosts}
    if host not in LOOPBACK and host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        hosts.add(host)
    origins = {f"http://{name}" for name in ("127.0.0.1", "localhost", "[::1]")} | set(settings.server.allowed_origins)
    if settings.server.public_url:
        public = urlsplit(settings.server.public_url)
        hosts.add(public.hostname or "")
        origins.add(f"{public.scheme}://{public.netloc}")
    return TransportSecuritySettings(
        allowed_hosts=sorted({name.lower() for host in hosts for name in (host, f"{host}:*")}),
        allowed_origins=sorted({name.lower() for origin in origins for name in (origin, f"{origin}:*")}),
    )


Behind = Callable[[ASGIApp], ASGIApp]
"""Puts something in front of the MCP application."""


def application(
    server: Server[Any],
    guard: Behind,
    settings: Settings,
    host: str,
    *,
    routes: Sequence[BaseRoute] = (),
    otherwise: ASGIApp | None = None,
    lifespan: Lifespan | None = None,
) -> Starlette:
    """The ASGI application: `/mcp` behind its guard, `routes` as they are, `otherwise` for every other path."""
    manager = StreamableHTTPSessionManager(server, security_settings=security(settings, host))
    endpoint = guard(StreamableHTTPASGIApp(manager))
    middleware = [Middleware(SameHost, security=security(settings, host))]
    if settings.server.cors_origins:
        middleware.insert(0, Middleware(CORSMiddleware, **_cors(settings)))

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncGenerator[None]:
        async with manager.run():
            if lifespan is None:
                yield
            else:
                async with lifespan():
                    yield

    made = Starlette(routes=[Route("/mcp", endpoint), *routes], middleware=middleware, lifespan=running)
    if otherwise is not None:
        made.router.default = otherwise
    return made


def _cors(settings: Settings) -> dict[str, Any]:
    return {
        "allow_origins": list(settings.server.cors_origins),
        "allow_methods": ["GET", "POST", "DELETE"],
        "allow_headers": [
            "Authorization",
            "Content-Type",
            "Mcp-Session-Id",
            "MCP-Protocol-Version",
            "Mcp-Method",
            "Mcp-Name",
            "Last-Event-ID",
        ],
        "expose_headers": ["Mcp-Session-Id", "WWW-Authenticate"],
    }
