"""Pages that no other page can frame, that load nothing, and that end with a reason when something is not as it should be."""

import sqlite3
import time

import pytest
from playwright.async_api import Browser, expect

from nextcloud_sandbox.server import Running
from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.journeys import allow, back_at, come_back, grant_and_come_back, grant_at_nextcloud, keep_still, request, sign_in_here
from tests.browser.windows import Window, window
from tests.e2e.modes import Home


async def told(one: Window, text: str) -> None:
    """The error page, with this text, from which nothing leads to a client."""
    await expect(one.page.get_by_role("heading")).to_have_text("This did not work")
    await expect(one.page.get_by_role("alert")).to_contain_text(text)


def expire(home: Home) -> None:
    """Lets all sign-ins in progress be over."""
    with sqlite3.connect(home.folder / "tokens.db", timeout=10) as database:
        database.execute("update secret set expires_at = ? where kind in ('sign-in', 'browser-sign-in')", (time.time() - 1,))
    database.close()


async def test_what_a_policy_refuses_is_noticed(chromium: Browser, own: Home, desk: Desk) -> None:
    """Without this the other tests of this folder would find nothing, whatever pages did."""
    for scripts in (True, False):
        async with window(chromium, scripts=scripts) as one:
            await one.page.goto(request(own, desk))
            assert one.refused == []
            async with one.page.context.expect_event("console", predicate=lambda _: bool(one.refused)):
                await one.page.evaluate("url => document.body.append(Object.assign(new Image(), {src: url}))", f"{desk.origin}/spy.png")
    assert desk.asked == []


async def test_a_page_of_another_origin_cannot_frame_ours(chromium: Browser, own: Home, desk: Desk, nextcloud: Running) -> None:
    async with window(chromium, scripts=True) as one:
        desk.pages |= {"/plain": "<p>plain</p>", "/trap": f"<iframe name=ours src='{request(own, desk).replace('&', '&amp;')}'></iframe>"}
        desk.pages["/trap"] += "<iframe name=control src='/plain'></iframe>"
        await one.page.goto(f"{desk.origin}/trap")
        await expect(one.page.frame_locator("[name=control]").locator("p")).to_have_text("plain")
        ours = one.page.frame(name="ours")
        assert ours
        await ours.wait_for_url("chrome-error://**")
        assert await ours.locator("form, button").count() == 0
        assert "frame-ancestors" in " ".join(one.refused), one.refused


async def test_pages_load_nothing_but_themselves(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window(scripts=True)
    await one.page.goto(request(own, desk))
    await one.page.goto(request(own, desk, "nobody"))
    await one.page.goto(f"{own.url}/oauth/login")
    await expect(one.page.get_by_role("link", name="Open Nextcloud")).to_be_visible()
    assert {each.resource_type for each in one.requests} == {"document"}
    assert one.origins == {own.url}


async def test_a_client_that_nobody_knows_is_told_to_the_person_alone(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await one.page.goto(request(own, desk, "nobody"))
    await told(one, "unknown")
    await one.page.goto(request(own, desk, redirect_uri="http://127.0.0.1:9/other"))
    await told(one, "not one that this client registered")
    assert one.origins == {own.url}


@pytest.mark.parametrize(
    "path", ["/oauth/sign-in?sign_in=wrong", "/oauth/callback?state=wrong&code=x", "/oauth/login-callback?state=wrong"]
)
async def test_a_state_that_is_wrong_ends_at_the_error_page(own: Home, open_window: Open, path: str) -> None:
    one = await open_window()
    await one.page.goto(f"{own.url}{path}")
    await told(one, "This sign-in is over")


async def fields(one: Window) -> dict[str, str]:
    """What the consent form holds."""
    return {name: await one.page.locator(f"input[name={name}]").get_attribute("value") or "" for name in ("sign_in", "csrf")}


async def approve_with(one: Window, values: dict[str, str]) -> None:
    """Approves, but with another form's values."""
    for name, value in values.items():
        await one.page.locator(f"input[name={name}]").evaluate("(field, value) => { field.value = value }", value)
    await one.page.get_by_role("button", name="Allow", exact=True).click()


async def test_an_approval_that_comes_too_late_or_twice_is_refused(own: Home, desk: Desk, open_window: Open) -> None:
    late, twice = await open_window(), await open_window()
    await late.page.goto(request(own, desk))
    expire(own)
    await late.page.get_by_role("button", name="Allow", exact=True).click()
    await told(late, "This sign-in is over")
    await twice.page.goto(request(own, desk))
    used = await fields(twice)
    await twice.page.get_by_role("button", name="Allow", exact=True).click()
    await expect(twice.page.get_by_role("link", name="Open Nextcloud")).to_be_visible()
    await twice.page.go_back()
    assert await fields(twice) != used, "going back begins anew"
    await approve_with(twice, used)
    await told(twice, "This sign-in is over")


async def test_a_sign_in_that_took_too_long_or_is_done_cannot_be_finished(own: Home, desk: Desk, open_window: Open) -> None:
    late, done = await open_window(), await open_window()
    await allow(late, request(own, desk))
    await keep_still(late)
    expire(own)
    await come_back(late)
    await told(late, "This sign-in is over")
    await allow(done, request(own, desk))
    await keep_still(done)
    waiting = done.page.url
    await grant_and_come_back(done, "alice")
    await back_at(desk, done)
    await done.page.goto(waiting)
    await told(done, "This sign-in is over")
    assert desk.answers.empty()


async def test_another_browser_neither_approves_nor_finishes(own: Home, desk: Desk, open_window: Open) -> None:
    alice, mallory = await open_window(), await open_window()
    await alice.page.goto(request(own, desk))
    theirs = await fields(alice)
    await mallory.page.goto(request(own, desk))
    await approve_with(mallory, theirs)
    await told(mallory, "not opened in this browser")
    await alice.page.get_by_role("button", name="Allow", exact=True).click()
    await grant_at_nextcloud(alice, "alice")
    await mallory.page.goto(alice.page.url)
    await told(mallory, "begun in another browser")
    await come_back(alice)
    assert "code" in await back_at(desk, alice)


async def test_a_page_of_another_site_cannot_approve_or_sign_out(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await sign_in_here(one, own, "alice")
    await expect(one.page.get_by_role("heading")).to_have_text("You are signed in")
    before = await one.cookies()
    for path, shown in (("/oauth/logout", "You are signed out"), ("/oauth/consent", "This sign-in is over")):
        desk.pages["/trap"] = f"<form method=post action='{own.url}{path}'><button name=approve value=yes>Win</button></form>"
        await one.page.goto(f"{desk.origin}/trap")
        await one.page.get_by_role("button", name="Win").click()
        await expect(one.page.locator("main")).to_contain_text(shown)
    assert await one.cookies() == before
    await one.page.goto(f"{own.url}/app/")
    await expect(one.page.get_by_role("heading")).to_have_text("You are signed in")
