"""One Chromium for all tests of this folder; without it they are skipped, and the reason is told."""

import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
from playwright.async_api import Browser, async_playwright, expect

from nextcloud_sandbox.server import Running, running
from tests.browser.desk import Desk, desk
from tests.browser.journeys import LocalHome
from tests.browser.windows import DESKTOP, Window, window
from tests.e2e.leaks import Watch
from tests.e2e.modes import Home
from tests.identity.conftest import keycloak, node_provider

__all__ = ["keycloak", "node_provider"]


class Open(Protocol):
    async def __call__(self, *, scripts: bool = False, size: tuple[int, int] = DESKTOP) -> Window: ...


@pytest.fixture(scope="session")
async def chromium() -> AsyncGenerator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("pages are not looked at in a browser: there is no chromium")
    expect.set_options(timeout=20_000)
    async with async_playwright() as driver:
        # Chromium's own sandbox does not work for root.
        browser = await driver.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        await browser.close()


@pytest.fixture
async def open_window(chromium: Browser) -> AsyncGenerator[Open]:
    """Opens windows that close with the test, in which no page may have broken its own policy."""
    async with AsyncExitStack() as stack:
        opened: list[Window] = []

        async def one(*, scripts: bool = False, size: tuple[int, int] = DESKTOP) -> Window:
            opened.append(await stack.enter_async_context(window(chromium, scripts=scripts, size=size)))
            return opened[-1]

        yield one
        assert [text for each in opened for text in each.refused] == []


@pytest.fixture(name="desk")
async def listening() -> AsyncGenerator[Desk]:
    async with desk() as one:
        yield one


@pytest.fixture(scope="session")
async def nextcloud() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        for user in ("alice", "bob"):
            one.sandbox.users[user].password = user
        yield one


@pytest.fixture(scope="module")
async def own(nextcloud: Running, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Home]:
    """A server that signs people in by itself, at a stock Nextcloud; nothing secret is in its log or database at the end."""
    more = {"ENABLE_LOGIN_FLOW": "true", "ALLOWED_MCP_CLIENTS": "desk|http://127.0.0.1/cb,hosted|https://assistant.example/cb"}
    home = LocalHome(tmp_path_factory.mktemp("own"), Watch(), nextcloud.url, more)
    async with home.running():
        yield home
    assert home.watch.found() == []
