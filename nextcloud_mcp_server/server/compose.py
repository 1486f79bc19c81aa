"""Builds the whole server from the settings."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import Server

from nextcloud_mcp_server import __version__
from nextcloud_mcp_server.auth.modes import sides
from nextcloud_mcp_server.auth.sides import Sides
from nextcloud_mcp_server.core.collecting import collect_from_now_on
from nextcloud_mcp_server.core.ending import end
from nextcloud_mcp_server.core.errors import NextcloudError, NotPermitted
from nextcloud_mcp_server.core.tools import Injected
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.transport import Address, Transport
from nextcloud_mcp_server.server import indexing
from nextcloud_mcp_server.server.binding import Call, Provider
from nextcloud_mcp_server.server.catalog import Catalog, Limits, UnknownToolset, find_apps
from nextcloud_mcp_server.server.protocol import Protocol
from nextcloud_mcp_server.server.reading import readers_of
from nextcloud_mcp_server.server.surface import Surface
from nextcloud_mcp_server.settings import Settings, SettingsError
from nextcloud_mcp_server.text import Readers
from nextcloud_mcp_server.web.health import Check, Health

if TYPE_CHECKING:
    from nextcloud_mcp_server.server.indexing.indexing import Indexing


SETTLED = 5.0
"""Seconds after which the start, first list included, is over."""


@dataclass(frozen=True)
class Product:
    """The parts that live as long as the process."""

    settings: Settings
    transport: Transport
    sides: Sides
    surface: Surface
    protocol: Protocol
    server: Server[Any]
    health: Health
    readers: Readers
    indexing: "Indexing | None" = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Background work runs inside; connections are closed at the end. Raises SettingsError for a mode that never will serve."""
        try:
            async with self.sides.running(), self.indexing.running() if self.indexing else nullcontext():
                watching = asyncio.create_task(self.protocol.changes.run())
                started = asyncio.get_running_loop().call_later(SETTLED, collect_from_now_on)
                try:
                    yield
                finally:
                    started.cancel()
                    collect_from_now_on()
                    await end(watching)
        finally:
            await self.readers.close()
            await self.transport.aclose()


def build(settings: Settings) -> Product:
    """Everything wired, nothing started. Raises SettingsError."""
    transport = Transport(address(settings), f"nextcloud-mcp-server/{__version__}")
    cache = Cache()
    apps = find_apps()
    bounds = limits(Catalog(apps), settings)
    catalog = Catalog(apps if indexing.wanted(settings) else {name: app for name, app in apps.items() if name != indexing.APP})
    mode = sides(settings, transport, cache, lambda: catalog.scopes(bounds))
    readers = readers_of(settings.documents)
    search = indexing.build(settings, mode, catalog, readers)
    filled = {**providers(mode, readers), **indexing.providers(search)}
    surface = Surface(catalog, bounds, mode.session, settings.mode, filled, settings.surface.output_schemas)
    protocol = Protocol(surface, settings.surface.progress_interval)
    reports = {"nextcloud": _reachable(transport), **({"search": search.ready} if search else {})}
    health = Health(settings.mode, gates={"identity": mode.check}, reports=reports)
    return Product(settings, transport, mode, surface, protocol, protocol.server(), health, readers, search)


def providers(mode: Sides, readers: Readers) -> dict[type[Injected], Provider]:
    """What tools may ask for besides clients on the caller's session."""
    from nextcloud_mcp_server.auth.provisioning.account import Account

    async def account(call: Call) -> Account:
        login = mode.now().login
        if login is None:
            raise NotPermitted("This server's mode has no sign-in of its own.", hint="")
        return Account(login, call.caller, call.present)

    async def reading(_: Call) -> Readers:
        return readers

    return {Account: account, Readers: reading}


def address(settings: Settings) -> Address:
    """Where Nextcloud is, from the settings."""
    nextcloud = settings.nextcloud
    bundle = nextcloud.ca_bundle
    if bundle and not bundle.is_file():
        raise SettingsError(f"NEXTCLOUD_CA_BUNDLE is wrong, {str(bundle)!r}: there is no such file.")
    base = nextcloud.host.removesuffix("/index.php")
    return Address(
        base=base,
        public=(nextcloud.public_url or base).removesuffix("/index.php"),
        verify=nextcloud.verify_ssl,
        ca_bundle=str(bundle) if bundle else None,
        concurrency=nextcloud.max_concurrency,
        timeout=nextcloud.timeout,
    )


def limits(catalog: Catalog, settings: Settings) -> Limits:
    """The administrator's upper bound."""
    try:
        apps = catalog.toolsets(settings.surface.toolsets)
    except UnknownToolset as error:
        raise SettingsError(f"MCP_TOOLSETS is wrong, {','.join(settings.surface.toolsets)!r}: {error}") from None
    return Limits(apps, "read" if settings.surface.read_only else settings.surface.permissions)


def _reachable(transport: Transport) -> Check:
    async def check() -> str:
        try:
            await transport.probe()
        except NextcloudError as error:
            return error.message
        return "ok"

    return check
