"""Every page in both colour schemes, on a desktop and on a phone, by keyboard, and with what a hostile client would like to show."""

from typing import Literal

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.journeys import allow, back_at, keep_still, registered, request, sign_in_here
from tests.browser.looks import contrasts, controls, focus_contrast, overflow
from tests.browser.windows import DESKTOP, PHONE, Window
from tests.e2e.modes import Home

LONG = "Assistentinnenverwaltungsprogrammoberflächenentwicklungsumgebungsbeispielanwendung"
HOSTILE = '<img src=x onerror="alert(1)"><h1>Approved</h1>\u202egnp.exe\u2066 &amp;\n"'
PAGES = ("consent", "consent of a hosted client", "consent with a long name", "waiting", "going on", "error", "signed in", "signed out")


async def visit(name: str, one: Window, own: Home, desk: Desk) -> None:
    """Opens one of our pages."""
    match name:
        case "consent":
            await one.page.goto(request(own, desk))
        case "consent of a hosted client":
            await one.page.goto(request(own, desk, "hosted", redirect_uri="https://assistant.example/cb", scope=""))
        case "consent with a long name":
            await one.page.goto(request(own, desk, registered(own, desk, LONG), scope=""))
        case "waiting":
            await allow(one, request(own, desk))
            await keep_still(one)
        case "going on":
            await stay(one, f"{desk.origin}/**")
            await one.page.goto(request(own, desk))
            await one.page.get_by_role("button", name="Cancel").click()
            await expect(one.page.get_by_role("link", name="Continue")).to_be_visible()
        case "error":
            await one.page.goto(request(own, desk, "nobody"))
        case _:
            await sign_in_here(one, own, "alice")
            await expect(one.page.get_by_role("heading")).to_have_text("You are signed in")
            if name == "signed out":
                await one.page.get_by_role("button", name="Sign out").click()
    await expect(one.page.locator("main h1")).to_be_visible()


async def stay(one: Window, pattern: str) -> None:
    """Answers without content leave the page where it is that goes on by itself."""
    await one.page.route(pattern, lambda route: route.fulfill(status=204))


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_can_be_read_and_touched_in_light_and_dark_on_desktop_and_phone(
    own: Home, desk: Desk, open_window: Open, name: str
) -> None:
    one = await open_window(scripts=True)
    await visit(name, one, own, desk)
    backgrounds = [await measured(one.page, scheme) for scheme in ("light", "dark")]
    assert backgrounds[0] != backgrounds[1], "dark is not light"


async def measured(page: Page, scheme: Literal["light", "dark"]) -> str:
    """Fails where a page cannot be read or touched; the colour of its background."""
    await page.emulate_media(color_scheme=scheme)
    for width, height in (DESKTOP, PHONE):
        await page.set_viewport_size({"width": width, "height": height})
        assert await overflow(page) <= 0, width
        texts = await contrasts(page)
        assert texts
        assert {text: round(ratio, 2) for text, ratio in texts.items() if ratio < 4.5} == {}
        for each in await controls(page):
            assert each["height"] >= 40, each
            assert each["left"] >= 0, each
            assert each["right"] <= width, each
            assert each["edge"] >= 3 or each["link"] or each["kind"] == "checkbox", each
    return await page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")


@pytest.mark.parametrize(("button", "answer"), [("Allow", "code"), ("Cancel", "error")])
async def test_both_answers_are_within_reach_of_the_keyboard(own: Home, desk: Desk, open_window: Open, button: str, answer: str) -> None:
    one = await open_window()
    await sign_in_here(one, own, "alice")
    await one.page.goto(request(own, desk, registered(own, desk), scope="openid"))
    stops = list[str]()
    while button not in stops:
        await one.page.keyboard.press("Tab")
        stops.append(await one.focused())
        assert await focus_contrast(one.page) >= 3, stops
        assert len(stops) < 9, stops
    assert stops == ["Cancel", "Allow"][: len(stops)]
    await one.page.keyboard.press("Enter")
    if answer == "code":
        await reach_nextcloud_by_keyboard(one)
    else:
        assert answer in await back_at(desk, one)


async def reach_nextcloud_by_keyboard(one: Window) -> None:
    """The waiting page loads anew every few seconds: its button has the focus each time."""
    await expect(one.page.get_by_role("link", name="Open Nextcloud")).to_be_focused()
    await one.page.evaluate("window.stop()")
    async with one.page.expect_popup() as opened:
        await one.page.keyboard.press("Enter")
    await expect((await opened.value).get_by_role("heading")).to_have_text("Connect to your account")


async def test_allow_and_cancel_are_of_one_size_and_beside_each_other(own: Home, desk: Desk, open_window: Open) -> None:
    for size in (DESKTOP, PHONE):
        one = await open_window(size=size)
        await one.page.goto(request(own, desk))
        cancel, allowing = [each for each in await controls(one.page) if each["name"] in ("Cancel", "Allow")]
        assert abs(cancel["width"] - allowing["width"]) < 1
        assert cancel["height"] == allowing["height"]
        assert cancel["right"] < allowing["left"]


async def test_the_consent_page_tells_everything_to_those_who_hear_it(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await one.page.goto(request(own, desk, registered(own, desk), scope="openid notes:read notes:write files:read"))
    await expect(one.page.locator("body")).to_match_aria_snapshot(f"""
      - main:
        - heading "Desk Assistant asks for access to your Nextcloud" [level=1]
        - paragraph: Allow this only if you started it yourself just now.
        - term: App
        - definition: Desk Assistant as it calls itself
        - term: Comes from
        - definition: 127.0.0.1
        - term: Answer goes to
        - definition: {desk.origin}
        - term: Nextcloud
        - definition: {own.nextcloud.removeprefix("http://")}
        - note:
          - paragraph:
            - strong: The answer goes to a program on your own computer.
            - text: Nobody can tell from here which program that is. If you did not just start one that asked you to sign in, cancel.
        - heading "What it will be able to do" [level=2]
        - list:
          - listitem:
            - strong: Read, create, change and delete
            - text: notes
          - listitem:
            - strong: Only read
            - text: files
          - listitem:
            - strong: Know about you
            - text: who you are
        - button "Cancel"
        - button "Allow"
    """)


async def test_only_clients_on_this_computer_are_warned_about(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await visit("consent of a hosted client", one, own, desk)
    await expect(one.page.locator("dl")).to_contain_text("https://assistant.example")
    await expect(one.page.get_by_role("note")).to_have_count(0)


async def test_a_hostile_name_is_text_in_one_direction_and_nothing_else(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window(scripts=True)
    one.page.on("dialog", _fail)
    await one.page.goto(request(own, desk, registered(own, desk, HOSTILE)))
    shown = '<img src=x onerror="alert(1)"><h1>Approved</h1>gnp.exe &amp;"'
    await expect(one.page.locator("h1")).to_have_text(f"{shown} asks for access to your Nextcloud")
    assert await one.page.title() == f"{shown} asks for access to your Nextcloud"
    await expect(one.page.locator("img, h1 h1, script")).to_have_count(0)
    text = await one.page.inner_text("body")
    assert not any(mark in text for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


async def test_a_name_written_from_right_to_left_leaves_the_sentence_in_order(own: Home, desk: Desk, open_window: Open) -> None:
    one = await open_window()
    await one.page.goto(request(own, desk, registered(own, desk, "\u05d3\u05e1\u05e7 127.0.0.1")))
    name, aside = one.page.locator("dd bdi").first, one.page.locator("dd .aside")
    left, right = await name.bounding_box(), await aside.bounding_box()
    assert left
    assert right
    assert left["x"] + left["width"] <= right["x"]


def _fail(_: object) -> None:
    raise AssertionError("a script of the client ran")
