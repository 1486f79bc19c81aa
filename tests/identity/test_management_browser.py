"""A browser that signs in at this server, by Login Flow v2: known here, nothing granted, sent nowhere else."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from anyio.to_thread import run_sync

from nextcloud_mcp_server.auth.browser import local
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from nextcloud_mcp_server.auth.server.sign_ins import SignIns
from nextcloud_mcp_server.core.caller import Caller
from tests.identity.management_world import LOGIN_FLOW, World, world
from tests.identity.own_server import grant_at_nextcloud, login_link
from tests.providers.person import Person


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, **LOGIN_FLOW) as here:
        yield here


def sign_in(one: World, user: str, person: Person, next: str = "/health/live") -> httpx2.Response:
    page = person.open(f"{one.url}/oauth/login?next={quote(next)}")
    grant_at_nextcloud(login_link(page.text), user, user)
    return person.open(str(page.url))


def cookie(person: Person) -> str | None:
    return next((cookie.value for cookie in person.http.cookies.jar if cookie.name == BROWSER_COOKIE), None)


async def test_a_browser_is_known_after_signing_in_and_nextcloud_keeps_no_password_of_it(one: World) -> None:
    person, before = Person("alice"), len(one.nextcloud.sandbox.data.app_passwords)
    landed = await run_sync(sign_in, one, "alice", person)
    assert str(landed.url) == f"{one.url}/health/live"
    found = await SignIns(one.management.kept.vault).browser(cookie(person))
    assert found
    assert (found.issuer, found.subject) == (one.url, "alice")
    assert len(one.nextcloud.sandbox.data.app_passwords) == before
    assert await one.management.kept.store.users() == []
    again = await run_sync(lambda: person.http.get(f"{one.url}/oauth/login?next=/health/live", follow_redirects=False))
    assert again.headers["location"] == f"{one.url}/health/live"


async def test_signing_out_ends_it_for_this_browser_alone(one: World) -> None:
    here, there = Person("alice"), Person("alice")
    for person in (here, there):
        await run_sync(sign_in, one, "alice", person)
    first, second = cookie(here), cookie(there)
    done = await run_sync(lambda: here.http.post(f"{one.url}/oauth/logout"))
    assert done.status_code == 200
    browsers = SignIns(one.management.kept.vault)
    assert await browsers.browser(first) is None
    assert await browsers.browser(second)
    assert cookie(here) is None
    assert (await run_sync(lambda: here.http.get(f"{one.url}/oauth/logout"))).status_code == 405


async def test_another_browser_cannot_finish_a_sign_in(one: World) -> None:
    alice, thief = Person("alice"), Person("bob")
    page = await run_sync(alice.open, f"{one.url}/oauth/login?next=/health/live")
    await run_sync(grant_at_nextcloud, login_link(page.text), "alice", "alice")
    assert (await run_sync(thief.open, str(page.url))).status_code == 403
    assert cookie(thief) is None
    assert (await run_sync(alice.open, str(page.url))).url.path == "/health/live"
    assert (await run_sync(alice.open, str(page.url))).status_code == 400


async def test_its_state_is_nothing_to_the_authorization_server(one: World) -> None:
    alice = Person("alice")
    page = await run_sync(alice.open, f"{one.url}/oauth/login?next=/health/live")
    state = page.url.params["state"]
    await run_sync(grant_at_nextcloud, login_link(page.text), "alice", "alice")
    answer = await run_sync(lambda: alice.http.get(f"{one.url}/oauth/sign-in?sign_in={state}", follow_redirects=False))
    assert answer.status_code == 400
    assert await one.management.kept.store.users() == []


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/a\r\nLocation: https://evil.example",
        "evil",
        "",
        "/ä",
        "/" + "a" * 2000,
        "/\t/evil.example",
    ],
)
async def test_an_address_elsewhere_is_refused(one: World, next: str) -> None:
    refused = await run_sync(lambda: httpx2.get(f"{one.url}/oauth/login", params={"next": next}, follow_redirects=False))
    assert refused.status_code == 400
    assert "location" not in refused.headers
    assert local(next) is None


async def test_the_page_of_a_tool_opens_for_its_caller_after_signing_in_and_for_nobody_else(one: World) -> None:
    login = one.product.sides.now().login
    assert login
    begun = await login.provision(Caller(one.url, "alice"), ["notes:read"])
    assert begun.login_url
    alice, bob = Person("alice"), Person("bob")
    flow = await login.flows.of(Caller(one.url, "alice"))
    assert flow

    def through(person: Person, user: str) -> httpx2.Response:
        page = person.open(begun.login_url or "")
        grant_at_nextcloud(login_link(page.text), user, user)
        person.stop = (one.nextcloud.url,)
        return person.open(str(page.url))

    assert (await run_sync(through, bob, "bob")).status_code == 403
    landed = await run_sync(through, alice, "alice")
    assert landed.headers["location"] == flow.login_url


async def test_a_login_name_that_differs_is_the_user_id_here(one: World) -> None:
    person = Person("carol")

    def through() -> None:
        page = person.open(f"{one.url}/oauth/login?next=/health/live")
        grant_at_nextcloud(login_link(page.text), "carol@example.test", "carol")
        person.open(str(page.url))

    await run_sync(through)
    found = await SignIns(one.management.kept.vault).browser(cookie(person))
    assert found
    assert found.subject == "carol-4f2a"
