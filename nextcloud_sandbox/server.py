"""Starting a sandbox: on a port for people, in process for tests."""

import importlib
import pkgutil
import ssl
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from nextcloud_sandbox import areas
from nextcloud_sandbox.core import Area, Sandbox
from nextcloud_sandbox.persist import Keeper
from nextcloud_sandbox.web import make_app


@dataclass(slots=True)
class Running:
    """A sandbox that answers at `url` (with the prefix, no slash at the end)."""

    url: str
    sandbox: Sandbox
    port: int


def discover() -> tuple[Area, ...]:
    """The `AREA` of every folder below `nextcloud_sandbox.areas`."""
    names = sorted(module.name for module in pkgutil.iter_modules(areas.__path__) if module.ispkg)
    found: list[Area] = [importlib.import_module(f"{areas.__name__}.{name}").AREA for name in names]
    return tuple(found)


def new_sandbox(*, seed: bool = True, clock: Callable[[], float] = time.time) -> Sandbox:
    """A sandbox with its accounts and, unless `seed` is off, the demo data."""
    sandbox = Sandbox(areas=discover(), clock=clock)
    sandbox.seed_accounts()
    if seed:
        sandbox.seed()
    return sandbox


@asynccontextmanager
async def running(
    port: int = 0,
    data: Path | None = None,
    prefix: str = "",
    *,
    host: str = "127.0.0.1",
    index_php: bool = False,
    seed: bool = True,
    tls: ssl.SSLContext | None = None,
    clock: Callable[[], float] = time.time,
    sandbox: Sandbox | None = None,
) -> AsyncGenerator[Running]:
    """Serve a sandbox in this process. `index_php` makes /index.php necessary in addresses of pages and app APIs."""
    sandbox = sandbox or Sandbox(areas=discover(), clock=clock)
    sandbox.prefix, sandbox.index_php = prefix.rstrip("/"), index_php
    if host in ("0.0.0.0", "::"):  # noqa: S104  (reached by whatever name; only a person asks for it)
        sandbox.trusted_hosts = None
    elif sandbox.trusted_hosts is not None:
        sandbox.trusted_hosts.add(host)
    keeper = Keeper(sandbox, data) if data else None
    if not sandbox.users and not (keeper and keeper.load()):
        sandbox.seed_accounts()
        if seed:
            sandbox.seed()
    runner = web.AppRunner(make_app(sandbox), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        bound: int = runner.addresses[0][1]
        if keeper:
            keeper.save()
            keeper.start()
        shown = f"[{host}]" if ":" in host else host
        yield Running(f"{'https' if tls else 'http'}://{shown}:{bound}{sandbox.prefix}", sandbox, bound)
    finally:
        await runner.cleanup()
        if keeper:
            await keeper.stop()
