"""Signing in at a stock Nextcloud, in a browser that runs no script: our page, Nextcloud's pages, back at the client."""

import pytest
from playwright.async_api import expect

from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from nextcloud_sandbox.server import Running
from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.desk import desk as listening
from tests.browser.journeys import (
    allow,
    back_at,
    come_back,
    grant_and_come_back,
    grant_at_nextcloud,
    keep_still,
    log_in_and_grant,
    open_nextcloud,
    registered,
    request,
    sign_in_here,
    unmodified,
)
from tests.e2e.modes import Home, called, connected


@pytest.mark.parametrize("user", ["alice", "bob"])
async def test_a_client_that_knows_only_the_address_is_let_in(own: Home, desk: Desk, open_window: Open, user: str) -> None:
    one = await open_window()

    async def person(address: str) -> None:
        await allow(one, address)
        await grant_and_come_back(one, user)

    async with connected(own.mcp, unmodified(own, desk, one, person, "openid users:read")) as client:
        assert (await called(client, "nc_users_whoami"))["user_id"] == user
    assert one.origins == {own.url, own.nextcloud, desk.origin}


async def test_declining_tells_the_client_and_nextcloud_is_never_asked(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await one.page.goto(request(own, desk))
    await one.page.get_by_role("button", name="Cancel").click()
    answered = await back_at(desk, one)
    assert (answered["error"], answered["state"], answered["iss"]) == ("access_denied", "s", own.url)
    assert "code" not in answered
    assert one.origins == {own.url, desk.origin}
    assert await one.cookies() == {}


async def test_the_waiting_page_goes_on_by_itself(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await allow(one, request(own, desk))
    await log_in_and_grant(await open_nextcloud(one), "alice")
    assert "code" in await back_at(desk, one)


async def test_a_client_may_send_the_browser_further_to_anywhere(own: Home, desk: Desk, open_window: Open) -> None:
    """Browsers hold our form's policy against redirects that others add."""
    one = await open_window()
    async with listening() as elsewhere:
        elsewhere.pages["/thanks"] = "<title>t</title><h1>Thanks</h1>"
        desk.then = f"http://localhost:{elsewhere.port}/thanks"
        await one.page.goto(request(own, desk))
        await one.page.get_by_role("button", name="Cancel").click()
        await expect(one.page.get_by_role("heading")).to_have_text("Thanks")


async def test_nothing_secret_is_in_an_address_and_no_address_of_ours_reaches_others(
    own: Home, desk: Desk, open_window: Open, nextcloud: Running
) -> None:
    one = await open_window()
    await one.page.goto(request(own, desk))
    secrets = {await one.page.locator("input[name=csrf]").get_attribute("value"), *(await one.cookies()).values()}
    await one.page.get_by_role("button", name="Allow", exact=True).click()
    await keep_still(one)
    secrets |= set((await one.cookies()).values())
    before = set(nextcloud.sandbox.data.app_passwords)
    await grant_at_nextcloud(one, "alice")
    granted = [nextcloud.sandbox.data.app_passwords[key].token for key in set(nextcloud.sandbox.data.app_passwords) - before]
    secrets |= set(granted)
    await come_back(one)
    code = (await back_at(desk, one))["code"]
    secrets |= set((await one.cookies()).values())
    assert len(granted) == 1
    assert len(secrets) >= 5
    for secret in secrets:
        own.watch.secret("what the browser was given", secret)
    for each in one.requests:
        assert not any(secret in each.url for secret in secrets)
        assert code not in each.url or each.url.startswith(f"{desk.callback}?")
        assert each.url.startswith((own.url, desk.origin)) or own.url not in (await each.header_value("referer") or "")
    assert f"referer: {own.url}" not in "".join(desk.asked).lower()


async def test_a_known_person_is_named_and_needs_to_approve_only(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await allow(one, request(own, desk))
    await grant_and_come_back(one, "alice")
    assert "code" in await back_at(desk, one)
    before = len(one.requests)
    await one.page.goto(request(own, desk, registered(own, desk, "Another Client")))
    await expect(one.page.locator("dl")).to_contain_text("Your accountalice")
    await one.page.get_by_role("button", name="Allow", exact=True).click()
    assert "code" in await back_at(desk, one)
    assert not any(each.url.startswith(own.nextcloud) for each in one.requests[before:])
    await one.page.goto(request(own, desk))
    assert "code" in await back_at(desk, one), "what was approved before needs no page"


async def test_another_account_can_be_taken_than_the_one_the_browser_knows(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await allow(one, request(own, desk, scope=""))
    await grant_and_come_back(one, "alice")
    await back_at(desk, one)
    await one.page.context.clear_cookies(domain="127.0.0.1")

    async def person(address: str) -> None:
        await one.page.goto(address)
        await one.page.get_by_role("button", name="Use another account").click()
        await grant_and_come_back(one, "bob")

    async with connected(own.mcp, unmodified(own, desk, one, person, "openid users:read")) as client:
        assert (await called(client, "nc_users_whoami"))["user_id"] == "bob"


async def test_cookies_are_bound_to_this_host_and_hidden_from_scripts(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await one.page.goto(request(own, desk))
    await sign_in_here(one, own, "alice")
    cookies = [each for each in await one.page.context.cookies() if each.get("domain") == "localhost"]
    assert {BROWSER_COOKIE} < {each.get("name") for each in cookies}
    for each in cookies:
        assert each.get("name", "").startswith("__Host-")
        assert (each.get("secure"), each.get("httpOnly"), each.get("sameSite"), each.get("path")) == (True, True, "Lax", "/")
