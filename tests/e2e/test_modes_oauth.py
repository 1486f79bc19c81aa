"""The token broker in front of real providers: sign-in by an unmodified client, a token for Nextcloud by exchange or by grant."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from anyio.to_thread import run_sync
from mcp import Client

from nextcloud_sandbox.server import Running
from tests.e2e.leaks import Watch
from tests.e2e.modes import Home, Memory, at_provider, called, connected, flows, grant, names, refused, sign_in
from tests.e2e.user_oidc import UserOidc, user_oidc
from tests.identity.conftest import keycloak, node_provider
from tests.providers.keycloak import CLIENT, SECRET, Keycloak
from tests.providers.node_provider import NEXTCLOUD, NodeProvider
from tests.providers.person import Person

__all__ = ["keycloak", "node_provider"]


def jwks(discovery_url: str) -> str:
    return httpx2.get(discovery_url).json()["jwks_uri"]


def settings(discovery_url: str, watch: Watch, **more: str) -> dict[str, str]:
    return {
        "MCP_AUTH_MODE": "oauth",
        "OIDC_DISCOVERY_URL": discovery_url,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": watch.secret("the client's secret", SECRET),
        # A client asks for all scopes that are advertised, and providers refuse those that they do not know.
        "MCP_TOOLSETS": "notes",
        **more,
    }


@pytest.fixture
async def behind_keycloak(sandbox: Running, keycloak: Keycloak) -> AsyncGenerator[UserOidc]:
    async with user_oidc(sandbox, jwks(keycloak.discovery_url), "nextcloud") as front:
        yield front


@pytest.fixture
async def behind_node(sandbox: Running, node_provider: NodeProvider) -> AsyncGenerator[UserOidc]:
    async with user_oidc(sandbox, jwks(node_provider.discovery_url), NEXTCLOUD) as front:
        yield front


async def own_note(home: Home, memory: Memory, user: str, front: UserOidc) -> None:
    """Signs in from nothing but the address, then writes and finds a note as this person."""
    async with connected(home.mcp, sign_in(home.mcp, memory, at_provider(user))) as client:
        await write_and_find(home, client, user)
    assert {one.get("preferred_username", one["sub"]) for one in front.claims[-2:]} == {user}


@asynccontextmanager
async def speaking(home: Home, keycloak: Keycloak, user: str) -> AsyncGenerator[Client]:
    """A client that has a token of this person."""
    desk = keycloak.register()["client_id"]
    tokens = await run_sync(lambda: keycloak.tokens(user, "openid notes:read notes:write", client=desk, secret=None))
    home.watch.tokens(tokens)
    async with connected(home.mcp, Authorization=f"Bearer {tokens['access_token']}") as client:
        yield client


async def write_and_find(home: Home, client: Client, user: str) -> None:
    assert "nc_notes_create_note" in await names(client)
    await called(client, "nc_notes_create_note", title=f"{home.port} of {user}", content="x")
    found = await called(client, "nc_notes_search_notes", query=f"{home.port} of")
    assert {note["title"] for note in found["results"]} == {f"{home.port} of {user}"}


async def provisioned_by_tool(client: Client, sandbox: Running, watch: Watch) -> None:
    """Somebody who is signed in elsewhere gives access to their Nextcloud, for reading notes alone."""
    assert "nc_auth_provision_access" in await refused(client, "nc_notes_search_notes", query="")
    assert (await called(client, "nc_auth_check_status"))["status"] == "not_initiated"
    begun = await called(client, "nc_auth_provision_access", scopes=["notes:read"])
    assert (begun["status"], begun["requested_scopes"]) == ("login_required", ["notes:read"])
    newest = [flow for flow in flows(sandbox) if not flow.granted][-1]
    grant(sandbox, newest.login_token, "alice", watch)
    assert (await called(client, "nc_auth_check_status"))["status"] == "provisioned"
    assert "nc_notes_create_note" not in await names(client)
    await called(client, "nc_notes_search_notes", query="")


async def test_with_keycloak_nextcloud_sees_only_exchanged_tokens_of_the_callers(
    tmp_path: Path, keycloak: Keycloak, behind_keycloak: UserOidc, watch: Watch
) -> None:
    home = Home(tmp_path, watch, behind_keycloak.url, settings(keycloak.discovery_url, watch), port=urlsplit(keycloak.resource).port or 0)
    async with home.running():
        for user in ("alice", "bob"):
            async with speaking(home, keycloak, user) as client:
                await write_and_find(home, client, user)
    assert {claims["aud"] if isinstance(claims["aud"], str) else tuple(claims["aud"]) for claims in behind_keycloak.claims} == {"nextcloud"}
    asked = {scope for claims in behind_keycloak.claims for scope in claims["scope"].split() if ":" in scope}
    assert asked == {"notes:read", "notes:write"}


async def test_with_keycloak_a_client_that_knows_only_the_address_registers_signs_in_and_gets_access(
    tmp_path: Path, sandbox: Running, keycloak: Keycloak, watch: Watch
) -> None:
    more = settings(keycloak.discovery_url, watch) | {"MCP_AUTH_MODE": "login_flow"}
    home = Home(tmp_path, watch, sandbox.url, more, port=urlsplit(keycloak.resource).port or 0)
    async with home.running():
        async with connected(home.mcp, sign_in(home.mcp, Memory(watch), at_provider("alice"))) as client:
            await provisioned_by_tool(client, sandbox, watch)


async def test_with_keycloak_a_reader_sees_no_tool_that_writes_and_nobody_none(
    tmp_path: Path, keycloak: Keycloak, behind_keycloak: UserOidc, watch: Watch
) -> None:
    home = Home(tmp_path, watch, behind_keycloak.url, settings(keycloak.discovery_url, watch), port=urlsplit(keycloak.resource).port or 0)
    async with home.running():
        seen: dict[str, set[str]] = {}
        for user in ("reader", "writer", "nobody"):
            token = watch.secret("access", keycloak.tokens(user, "openid notes:read notes:write")["access_token"])
            async with connected(home.mcp, Authorization=f"Bearer {token}") as client:
                seen[user] = {name for name in await names(client) if name.startswith("nc_notes")}
        foreign = watch.secret("a foreign token", keycloak.token({"grant_type": "client_credentials"}).json()["access_token"])
        for wrong in (foreign[:-8] + "AAAAAAAA", foreign.rpartition(".")[0] + "."):
            answer = httpx2.post(home.mcp, json={}, headers={"Authorization": f"Bearer {wrong}"})
            assert answer.status_code == 401
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert seen["reader"] == {"nc_notes_search_notes", "nc_notes_get_note", "nc_notes_get_attachment"}
    assert seen["writer"]
    assert not seen["writer"] & seen["reader"]
    assert seen["nobody"] == set()


async def test_with_keycloak_a_person_allows_work_while_away_for_themselves_alone(
    tmp_path: Path, keycloak: Keycloak, behind_keycloak: UserOidc, watch: Watch
) -> None:
    home = Home(tmp_path, watch, behind_keycloak.url, settings(keycloak.discovery_url, watch), port=urlsplit(keycloak.resource).port or 0)
    async with home.running():
        async with speaking(home, keycloak, "alice") as alice, speaking(home, keycloak, "bob") as bob:
            page = (await called(alice, "provision_nextcloud_access"))["provisioning_url"]
            browser = Person("alice")
            landed = await run_sync(lambda: browser.through(browser.open(f"{home.url}/oauth/login?next=/health/live")))
            assert landed.url == f"{home.url}/health/live"
            assert not (await called(alice, "check_provisioning_status"))["is_provisioned"]
            # The browser is alice's here, and bob's at the provider.
            browser.http.cookies.jar.clear("127.0.0.1", "/realms/nextcloud-mcp/")
            browser.name = browser.password = "bob"
            refusal = await run_sync(lambda: browser.through(browser.open(page)))
            assert refusal.status_code == 403
            assert "somebody else" in refusal.text
            for client in (alice, bob):
                assert not (await called(client, "check_provisioning_status"))["is_provisioned"]
            person = Person("alice")
            assert "while you are away" in (await run_sync(lambda: person.through(person.open(page)))).text
            given = await called(alice, "check_provisioning_status")
            assert (given["is_provisioned"], given["credential_type"], "notes:read" in given["scopes"]) == (True, "refresh_token", True)
            assert (await called(alice, "provision_nextcloud_access"))["already_provisioned"]
            assert not (await called(bob, "check_provisioning_status"))["is_provisioned"]
            await called(alice, "revoke_nextcloud_access")
            assert not (await called(alice, "check_provisioning_status"))["is_provisioned"]


async def test_with_another_provider_opaque_tokens_are_introspected_and_exchanged(
    tmp_path: Path, node_provider: NodeProvider, behind_node: UserOidc, watch: Watch
) -> None:
    home = Home(tmp_path, watch, behind_node.url, settings(node_provider.discovery_url, watch, NEXTCLOUD_RESOURCE_URI=NEXTCLOUD))
    async with home.running():
        for user in ("alice", "bob"):
            await own_note(home, Memory(watch), user, behind_node)
    assert {claims["aud"] for claims in behind_node.claims} == {NEXTCLOUD}


async def test_behind_the_facade_a_client_gets_this_servers_tokens_and_nextcloud_the_providers(
    tmp_path: Path, node_provider: NodeProvider, behind_node: UserOidc, watch: Watch
) -> None:
    more = {"MCP_IDENTITY_PROVIDER": "nextcloud", "NEXTCLOUD_RESOURCE_URI": NEXTCLOUD}
    home = Home(tmp_path, watch, behind_node.url, settings(node_provider.discovery_url, watch, **more))
    theirs = watch.secret("a provider's token", node_provider.tokens("alice", "openid notes:read")["access_token"])
    memory = Memory(watch)
    async with home.running():
        for user in ("alice", "bob"):
            memory = Memory(watch)
            await own_note(home, memory, user, behind_node)
        answer = httpx2.post(home.mcp, json={}, headers={"Authorization": f"Bearer {theirs}"})
        assert answer.status_code == 401
    async with home.running():
        assert memory.tokens
        async with connected(home.mcp, Authorization=f"Bearer {memory.tokens.access_token}") as client:
            await called(client, "nc_notes_search_notes", query="")
            assert (await called(client, "check_logged_in"))["success"]
            await called(client, "revoke_nextcloud_access")
            assert "sign in again" in await refused(client, "nc_notes_search_notes", query="")


async def test_login_flow_with_another_provider_asks_for_access_by_tool(
    tmp_path: Path, sandbox: Running, node_provider: NodeProvider, watch: Watch
) -> None:
    home = Home(tmp_path, watch, sandbox.url, settings(node_provider.discovery_url, watch) | {"MCP_AUTH_MODE": "login_flow"})
    async with home.running():
        async with connected(home.mcp, sign_in(home.mcp, Memory(watch), at_provider("alice"))) as client:
            await provisioned_by_tool(client, sandbox, watch)
