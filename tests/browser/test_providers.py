"""Signing in at real providers: through this server (the facade), and at Keycloak directly, with its own pages in the browser."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Route, expect

from nextcloud_sandbox.server import Running
from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.journeys import LocalHome, allow, back_at, request, unmodified
from tests.browser.windows import Window, origin
from tests.e2e.leaks import Watch
from tests.e2e.modes import Home, called, connected, names
from tests.e2e.test_modes_oauth import settings
from tests.e2e.user_oidc import UserOidc, user_oidc
from tests.providers.keycloak import Keycloak
from tests.providers.node_provider import NEXTCLOUD, NodeProvider
from tests.providers.person import Pkce, authorization

Signed = Callable[[Window, str], Awaitable[None]]
SCOPES = "openid notes:read notes:write"


async def at_keycloak(one: Window, user: str) -> None:
    """Keycloak's login form."""
    await one.page.get_by_label("Username or email").fill(user)
    await one.page.locator("input[name=password]").fill(user)
    await one.page.get_by_role("button", name="Sign In").click()


async def agree_at_keycloak(one: Window) -> None:
    """Keycloak's own question, where it asks one."""
    await one.page.get_by_role("button", name="Yes").click()


async def at_node(one: Window, user: str) -> None:
    """The one-button login of the other provider."""
    await one.page.get_by_role("button", name=user).click()


@pytest.fixture
async def behind_keycloak(nextcloud: Running, keycloak: Keycloak) -> AsyncGenerator[UserOidc]:
    async with user_oidc(nextcloud, f"{keycloak.issuer}/protocol/openid-connect/certs", "nextcloud") as front:
        yield front


@pytest.fixture(scope="module", params=["node_provider", "keycloak"])
async def facade(
    request: pytest.FixtureRequest, nextcloud: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[tuple[Home, Signed]]:
    """This server in front of a provider that does not know its clients, and how people log in there."""
    provider: Keycloak | NodeProvider = request.getfixturevalue(request.param)
    # The one knows addresses of return at 127.0.0.1 only; where it can be, this server is another site than all others.
    kind, audience, signed = (LocalHome, "nextcloud", at_keycloak) if request.param == "keycloak" else (Home, NEXTCLOUD, at_node)
    keys = httpx2.get(provider.discovery_url, verify=False).json()["jwks_uri"]
    async with user_oidc(nextcloud, keys, audience) as front:
        watch = Watch()
        more = {"MCP_IDENTITY_PROVIDER": "nextcloud", "NEXTCLOUD_RESOURCE_URI": audience, "ALLOWED_MCP_CLIENTS": "desk|http://127.0.0.1/cb"}
        home = kind(tmp_path_factory.mktemp("facade"), watch, front.url, settings(provider.discovery_url, watch, **more))
        async with home.running():
            yield home, signed
        assert watch.found() == []


@pytest.mark.parametrize("offline", [False, True])
async def test_through_the_facade_a_person_signs_in_and_says_whether_also_while_away(
    facade: tuple[Home, Signed], desk: Desk, open_window: Open, offline: bool
) -> None:
    home, signed = facade
    one = await open_window()

    async def person(address: str) -> None:
        await allow(one, address, offline=offline)
        await signed(one, "alice")

    async with connected(home.mcp, unmodified(home, desk, one, person, SCOPES)) as client:
        await called(client, "nc_notes_search_notes", query="")
        assert (await called(client, "check_provisioning_status"))["is_provisioned"] is offline


async def test_through_the_facade_two_people_are_two_people_and_declining_asks_no_provider(
    facade: tuple[Home, Signed], desk: Desk, open_window: Open
) -> None:
    home, signed = facade
    declining = await open_window()
    await declining.page.goto(request(home, desk))
    await declining.page.get_by_role("button", name="Cancel").click()
    assert (await back_at(desk, declining))["error"] == "access_denied"
    assert declining.origins == {home.url, desk.origin}

    async def write(user: str) -> None:
        one = await open_window()

        async def person(address: str) -> None:
            await allow(one, address)
            await signed(one, user)

        async with connected(home.mcp, unmodified(home, desk, one, person, SCOPES)) as client:
            await called(client, "nc_notes_create_note", title=f"{home.port} of {user}", content="x")
            found = await called(client, "nc_notes_search_notes", query=f"{home.port} of")
            assert {note["title"] for note in found["results"]} == {f"{home.port} of {user}"}

    for user in ("alice", "bob"):
        await write(user)


async def test_at_the_provider_a_person_allows_work_while_away_afterwards(facade: tuple[Home, Signed], open_window: Open) -> None:
    home, signed = facade
    one = await open_window()
    await one.page.goto(f"{home.url}/oauth/authorize-nextcloud")
    await signed(one, "bob")
    await expect(one.page.get_by_role("heading")).to_have_text("Done")
    await expect(one.page.locator("main")).to_contain_text("work for you while you are away")
    assert urlsplit(one.page.url).path.startswith("/oauth/callback")


@pytest.mark.parametrize("facade", ["keycloak"], indirect=True)
async def test_through_the_facade_another_browser_cannot_finish(facade: tuple[Home, Signed], desk: Desk, open_window: Open) -> None:
    home, signed = facade
    alice, mallory = await open_window(), await open_window()
    stolen: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def steal(route: Route) -> None:
        answer = await route.fetch(max_redirects=0)
        stolen.set_result(answer.headers["location"])
        await route.fulfill(status=204)

    await alice.page.route("**/login-actions/authenticate?**", steal)
    await allow(alice, request(home, desk))
    await signed(alice, "alice")
    await mallory.page.goto(await asyncio.wait_for(stolen, 20))
    await expect(mallory.page.get_by_role("alert")).to_contain_text("begun in another browser")
    await alice.page.goto(stolen.result())
    assert "code" in await back_at(desk, alice)


async def test_at_keycloak_a_client_signs_a_person_in_directly_with_pkce(
    tmp_path_factory: pytest.TempPathFactory, keycloak: Keycloak, behind_keycloak: UserOidc, desk: Desk, open_window: Open
) -> None:
    watch = Watch()
    port = urlsplit(keycloak.resource).port or 0
    home = Home(tmp_path_factory.mktemp("direct"), watch, behind_keycloak.url, settings(keycloak.discovery_url, watch), port=port)
    client_id = keycloak.register(client_name="Direct", redirect_uris=[desk.callback])["client_id"]
    async with home.running():
        for user, sees in (("alice", {"nc_notes_create_note", "nc_notes_search_notes"}), ("reader", {"nc_notes_search_notes"})):
            one, pkce = await open_window(), Pkce()
            asked = {"client_id": client_id, "redirect_uri": desk.callback, "scope": SCOPES}
            await one.page.goto(authorization(keycloak.authorize_url, pkce, **asked))
            await at_keycloak(one, user)
            await agree_at_keycloak(one)
            code = watch.secret("the code", (await back_at(desk, one))["code"])
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": desk.callback}
            assert "error" in keycloak.token({**form, "code_verifier": Pkce().verifier}, client=client_id, secret=None).json()
            assert one.origins == {origin(keycloak.base), desk.origin}
            watch.secret("the verifier", pkce.verifier)
            await one.page.goto(authorization(keycloak.authorize_url, pkce, **asked))
            form["code"] = (await back_at(desk, one))["code"]
            tokens = keycloak.token({**form, "code_verifier": pkce.verifier}, client=client_id, secret=None).json()
            watch.tokens(tokens)
            async with connected(home.mcp, Authorization=f"Bearer {tokens['access_token']}") as client:
                listed = await names(client)
                assert listed & {"nc_notes_create_note", "nc_notes_search_notes"} == sees
                if user == "alice":
                    await called(client, "nc_notes_search_notes", query="")
    assert {claims["aud"] for claims in behind_keycloak.claims} == {"nextcloud"}
    assert watch.found() == []
