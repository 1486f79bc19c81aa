"""What people do in the browser, and the servers they do it at."""

from collections.abc import Awaitable, Callable

import httpx2
from mcp.client.auth import OAuthClientProvider
from playwright.async_api import Page, expect
from pydantic import AnyUrl

from tests.browser.desk import Desk
from tests.browser.windows import Window
from tests.e2e.modes import Home, Memory, sign_in
from tests.providers.person import Pkce, authorization


class LocalHome(Home):
    """A server at `localhost`: to a browser another site than Nextcloud, provider and client at 127.0.0.1."""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


def registered(home: Home, desk: Desk, name: str = "Desk Assistant") -> str:
    """The id of a client that registered itself."""
    asked = {"client_name": name, "redirect_uris": [desk.callback], "token_endpoint_auth_method": "none"}
    return httpx2.post(f"{home.url}/oauth/register", json=asked, verify=False).json()["client_id"]


def request(home: Home, desk: Desk, client: str = "desk", pkce: Pkce | None = None, **more: str) -> str:
    """The address that a client opens in the browser."""
    given = {"client_id": client, "redirect_uri": desk.callback, "resource": home.mcp, "scope": "openid notes:read notes:write", **more}
    return authorization(f"{home.url}/oauth/authorize", pkce or Pkce(), **given)


def unmodified(
    home: Home, desk: Desk, one: Window, person: Callable[[str], Awaitable[None]], scope: str, memory: Memory | None = None
) -> OAuthClientProvider:
    """The Python SDK's client, which knows nothing but the server's address; `person` does in the window what is to do."""

    async def browser(address: str) -> dict[str, str]:
        await person(address)
        return await back_at(desk, one)

    auth = sign_in(home.mcp, memory or Memory(home.watch), browser, scope)
    auth.context.client_metadata.redirect_uris = [AnyUrl(desk.callback)]
    return auth


async def allow(one: Window, address: str, *, offline: bool = False) -> None:
    """Approves on our page."""
    await one.page.goto(address)
    if offline:
        await one.page.get_by_label("Also while I am away").check()
    await one.page.get_by_role("button", name="Allow", exact=True).click()


async def keep_still(one: Window) -> None:
    """The page that waits, kept from loading anew, which it would sometimes do under a click."""
    await expect(one.page.get_by_role("link", name="Open Nextcloud")).to_be_visible()
    await one.page.evaluate("window.stop()")


async def open_nextcloud(one: Window) -> Page:
    """The window that the page that waits opens."""
    async with one.page.expect_popup() as opened:
        await one.page.get_by_role("link", name="Open Nextcloud").click()
    return await opened.value


async def grant_at_nextcloud(one: Window, user: str) -> None:
    """From the page that waits: opens Nextcloud, signs in and grants access there."""
    await keep_still(one)
    await log_in_and_grant(await open_nextcloud(one), user)


async def log_in_and_grant(there: Page, user: str) -> None:
    await there.get_by_role("button", name="Log in").click()
    await there.get_by_label("Account name or email").fill(user)
    await there.get_by_label("Password").fill(user)
    await there.get_by_role("button", name="Log in").click()
    await there.get_by_role("button", name="Grant access").click()
    await expect(there.get_by_role("heading")).to_have_text("Account connected")


async def come_back(one: Window) -> None:
    """Says on the page that waits that all is done."""
    await one.page.get_by_role("link", name="I have granted access").click()


async def grant_and_come_back(one: Window, user: str) -> None:
    """All that is to do from the page that waits on."""
    await grant_at_nextcloud(one, user)
    await come_back(one)


async def sign_in_here(one: Window, home: Home, user: str, then: str = "/app/") -> None:
    """A browser that is known at this server afterwards."""
    await one.page.goto(f"{home.url}/oauth/login?next={then}")
    await grant_and_come_back(one, user)


async def back_at(desk: Desk, one: Window) -> dict[str, str]:
    """What the client was told, once its own page is there: until then the browser is still on the move."""
    await expect(one.page.get_by_role("heading")).to_have_text("Back at the desk")
    return await desk.answered()
