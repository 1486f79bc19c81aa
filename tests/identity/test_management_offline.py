"""Allowing work while one is away at a real provider whose tokens are exchanged: its consent, our page, the stored grant."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from anyio.to_thread import run_sync

from nextcloud_mcp_server.auth.outbound.grants import Grant, NeedsConsent
from nextcloud_mcp_server.auth.provisioning import tools
from nextcloud_mcp_server.auth.provisioning.account import Account
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from nextcloud_mcp_server.auth.server.sign_ins import Browser, SignIns
from nextcloud_mcp_server.core.caller import Caller
from tests.identity.management_world import World, world
from tests.providers.node_provider import CLIENT, NEXTCLOUD, SECRET, NodeProvider
from tests.providers.person import Person, forms


@pytest.fixture
async def one(tmp_path: Path, node_provider: NodeProvider) -> AsyncIterator[World]:
    settings = {
        "MCP_AUTH_MODE": "oauth",
        "OIDC_DISCOVERY_URL": node_provider.discovery_url,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "NEXTCLOUD_RESOURCE_URI": NEXTCLOUD,
    }
    async with world(tmp_path, **settings) as here:
        yield here


def through(person: Person, page: httpx2.Response, user: str) -> httpx2.Response:
    """Signs in and consents at the provider, as often as it asks."""
    for _ in range(4):
        form = next(iter(forms(page.text)), None)
        if form is None:
            return page
        if "password" in form.fields or "username" in form.fields:
            page = person.submit(page, username=user, password=user)
            continue
        chosen = next((name for name in ("accept", "approve", "allow") if name in form.buttons), None)
        if chosen is None:
            return page
        page = person.submit(page, **{chosen: form.buttons[chosen]})
    return page


def account(one: World, issuer: str, user: str) -> Account:
    login = one.product.sides.now().login
    assert login
    return Account(login, Caller(issuer, user))


async def grants(one: World, issuer: str, user: str) -> list[Grant]:
    found = one.management.broker
    assert found
    return await found.grants.of(issuer, user)


async def test_a_person_allows_it_and_the_background_has_tokens_of_their_own(one: World, node_provider: NodeProvider) -> None:
    alice = account(one, node_provider.issuer, "alice")
    assert (await tools.check_provisioning_status(alice)).is_provisioned is False
    begun = await tools.provision_nextcloud_access(alice)
    assert begun.provisioning_url == f"{one.url}/oauth/authorize-nextcloud"
    person = Person("alice")
    page = await run_sync(lambda: through(person, person.open(begun.provisioning_url or ""), "alice"))
    assert "while you are away" in page.text, page.text
    (grant,) = await grants(one, node_provider.issuer, "alice")
    assert (grant.offline, grant.subject, grant.state) == (True, "alice", "active")
    assert one.management.broker
    token = await one.management.broker.grants.access_token(grant.id, {"openid", "offline_access", "notes:read"})
    assert token
    status = await tools.check_provisioning_status(alice)
    assert (status.is_provisioned, status.credential_type) == (True, "refresh_token")
    assert (await tools.provision_nextcloud_access(alice)).already_provisioned is True
    assert (await tools.check_provisioning_status(account(one, node_provider.issuer, "bob"))).is_provisioned is False
    await one.management.kept.people.bind(node_provider.issuer, "alice", "alice")
    given = await one.management.given("alice")
    assert given
    assert given.scopes
    assert "notes:read" in given.scopes
    await tools.revoke_nextcloud_access(alice)
    with pytest.raises(NeedsConsent):
        await one.management.broker.grants.access_token(grant.id, {"openid"})


async def test_a_second_consent_takes_the_place_of_the_first(one: World, node_provider: NodeProvider) -> None:
    person = Person("alice")
    for _ in range(2):
        await run_sync(lambda: through(person, person.open(f"{one.url}/oauth/authorize-nextcloud"), "alice"))
    assert [grant.offline for grant in await grants(one, node_provider.issuer, "alice")] == [True]


async def test_somebody_else_at_the_provider_is_refused_and_nothing_is_kept(one: World, node_provider: NodeProvider) -> None:
    person = Person("bob")
    cookie = await SignIns(one.management.kept.vault).remember_browser(Browser(node_provider.issuer, "alice"))
    person.http.cookies.set(BROWSER_COOKIE, cookie, domain="127.0.0.1", path="/")
    page = await run_sync(lambda: through(person, person.open(f"{one.url}/oauth/authorize-nextcloud"), "bob"))
    assert page.status_code == 403
    assert "somebody else" in page.text
    assert await one.management.kept.database.all("select id from offline_grant") == []


async def test_declining_at_the_provider_grants_nothing_and_ends_the_state(one: World, node_provider: NodeProvider) -> None:
    person = Person("alice")
    await run_sync(lambda: through(person, person.open(f"{one.url}/oauth/login?next=/health/live"), "alice"))
    person.stop = (node_provider.issuer,)
    away = await run_sync(lambda: person.open(f"{one.url}/oauth/authorize-nextcloud"))
    asked = httpx2.URL(away.headers["location"]).params
    assert "offline_access" in asked["scope"].split()
    assert (asked["code_challenge_method"], asked["prompt"]) == ("S256", "consent")
    back = httpx2.URL(f"{one.url}/oauth/callback", params={"error": "access_denied", "state": asked["state"], "iss": node_provider.issuer})
    assert (await run_sync(lambda: person.open(str(back)))).status_code == 403
    assert "over" in (await run_sync(lambda: person.open(str(back)))).text
    assert await one.management.kept.database.all("select id from offline_grant") == []


async def test_another_browser_cannot_bring_the_answer_back(one: World, node_provider: NodeProvider) -> None:
    alice, thief = Person("alice"), Person("bob")
    await run_sync(lambda: through(alice, alice.open(f"{one.url}/oauth/login?next=/health/live"), "alice"))
    alice.stop = (f"{one.url}/oauth/callback",)
    page = await run_sync(lambda: through(alice, alice.open(f"{one.url}/oauth/authorize-nextcloud"), "alice"))
    stolen = await run_sync(lambda: thief.open(page.headers["location"]))
    assert stolen.status_code == 403
    assert await one.management.kept.database.all("select id from offline_grant") == []


async def test_signing_a_browser_in_leaves_no_grant_behind(one: World, node_provider: NodeProvider) -> None:
    person = Person("alice")
    landed = await run_sync(lambda: through(person, person.open(f"{one.url}/oauth/login?next=/health/live"), "alice"))
    assert landed.url.path == "/health/live"
    assert await one.management.kept.database.all("select id from offline_grant") == []
