"""Signing in at this server with a browser, and the page that forwards only the person who asked for it."""

from urllib.parse import urlsplit

from playwright.async_api import expect

from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.journeys import (
    allow,
    come_back,
    grant_and_come_back,
    grant_at_nextcloud,
    log_in_and_grant,
    sign_in_here,
    unmodified,
)
from tests.e2e.modes import Home, called, connected


async def test_a_browser_signs_in_sees_who_it_is_and_signs_out(own: Home, open_window: Open) -> None:
    one, other = await open_window(), await open_window()
    await sign_in_here(other, own, "bob")
    await one.page.goto(f"{own.url}/app/")
    await grant_and_come_back(one, "alice")
    await expect(one.page.locator("main p")).to_contain_text("as alice.")
    await expect(other.page.locator("main p")).to_contain_text("as bob.")
    await one.page.get_by_role("button", name="Sign out").click()
    await expect(one.page.locator("main")).to_contain_text("You are signed out")
    assert BROWSER_COOKIE not in await one.cookies()
    await one.page.goto(f"{own.url}/app/")
    await expect(one.page.get_by_role("heading")).to_have_text("Sign in at your Nextcloud")
    await other.page.reload()
    await expect(other.page.locator("main p")).to_contain_text("as bob.")


async def test_the_page_of_a_sign_in_tool_takes_its_caller_to_nextcloud_and_nobody_else(own: Home, desk: Desk, open_window: Open) -> None:
    alice, bob = await open_window(), await open_window()

    async def person(address: str) -> None:
        await allow(alice, address)
        await grant_and_come_back(alice, "alice")

    async with connected(own.mcp, unmodified(own, desk, alice, person, "openid notes:read notes:write")) as client:
        begun = await called(client, "nc_auth_update_scopes", remove_scopes=["notes:write"])
        await bob.page.goto(begun["login_url"])
        await expect(bob.page.get_by_role("heading")).to_have_text("Sign in at your Nextcloud")
        await grant_and_come_back(bob, "bob")
        await expect(bob.page.get_by_role("alert")).to_contain_text("begun by somebody else")
        await expect(bob.page.locator("main")).to_contain_text("close this page")
        assert bob.page.url == begun["login_url"]
        assert (await called(client, "nc_auth_check_status"))["status"] == "pending"

        await alice.page.goto(begun["login_url"])
        assert urlsplit(alice.page.url).netloc == urlsplit(own.nextcloud).netloc
        await alice.page.get_by_role("button", name="Log in").click()
        await alice.page.get_by_role("button", name="Grant access").click()
        await expect(alice.page.get_by_role("heading")).to_have_text("Account connected")
        status = await called(client, "nc_auth_check_status")
        assert (status["status"], "notes:write" in status["scopes"]) == ("provisioned", False)
        await bob.page.reload()
        await expect(bob.page.get_by_role("alert")).to_contain_text("This sign-in is over")


async def test_who_is_signed_out_signs_in_first_and_then_goes_on_by_itself(own: Home, desk: Desk, open_window: Open) -> None:
    one, fresh = await open_window(), await open_window()

    async def person(address: str) -> None:
        await allow(one, address)
        await grant_and_come_back(one, "alice")

    async with connected(own.mcp, unmodified(own, desk, one, person, "openid notes:read files:read")) as client:
        begun = await called(client, "nc_auth_update_scopes", remove_scopes=["files:read"])
        await fresh.page.goto(begun["login_url"])
        await grant_at_nextcloud(fresh, "alice")
        await fresh.page.context.clear_cookies(domain="127.0.0.1")
        await come_back(fresh)
        await log_in_and_grant(fresh.page, "alice")
        assert (await called(client, "nc_auth_check_status"))["status"] == "provisioned"
