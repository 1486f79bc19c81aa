"""Runs the HTTP side under uvicorn, with a clean end on SIGTERM and SIGINT."""

import signal
from typing import TYPE_CHECKING, Any

import uvicorn

from nextcloud_mcp_server.auth.sides import LateRoutes
from nextcloud_mcp_server.server.http import Identified, application
from nextcloud_mcp_server.server.management import management
from nextcloud_mcp_server.server.narrowing import by_header
from nextcloud_mcp_server.server.search_routes import search_operations, webhooks
from nextcloud_mcp_server.server.step_up import StepUp
from nextcloud_mcp_server.settings import SettingsError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp

    from nextcloud_mcp_server.server.compose import Product

GRACE = 5


def asgi(product: "Product", host: str) -> "Starlette":
    """The ASGI application of a product that listens on `host`."""
    narrow = by_header(product.surface.catalog, product.surface.limits)
    challenge = product.sides.challenge

    def guard(mcp: "ASGIApp") -> "ASGIApp":
        return Identified(StepUp(mcp, product.surface, challenge) if challenge else mcp, product.sides, narrow)

    late = LateRoutes(product.sides)
    scopes, search = (lambda: product.surface.catalog.scopes(product.surface.limits)), search_operations(product.indexing)
    api = management(product.settings, product.sides, scopes, search)
    routes = [*product.health.routes(), *api, *webhooks(product.settings, product.indexing)]
    return application(product.server, guard, product.settings, host, routes=routes, otherwise=late, lifespan=product.running)


def listen(product: "Product", host: str, port: int) -> None:
    """Serves until a signal; requests in progress get some seconds to end. Raises SettingsError for a start that failed."""
    # uvicorn raises the signal again when all is done, for whoever handled it before: an asked-for end is no failure.
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, _done)
    server = uvicorn.Server(config(product, host, port))
    try:
        server.run()
    except SystemExit:
        if server.lifespan.should_exit:
            raise SettingsError(product.sides.why) from None
        raise


def _done(_number: int, _frame: object) -> None:
    return None


def config(product: "Product", host: str, port: int) -> uvicorn.Config:
    forwarded = product.settings.server.forwarded_allow_ips
    more: dict[str, Any] = {"proxy_headers": True, "forwarded_allow_ips": forwarded} if forwarded else {"proxy_headers": False}
    return uvicorn.Config(
        asgi(product, host),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        **more,
    )
