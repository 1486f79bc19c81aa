"""This server's own client at two real providers."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from nextcloud_mcp_server.auth.oidc.discovery import discover
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused, ProviderUnfit
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.registration import Registration, Wish
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint
from nextcloud_mcp_server.storage import Database
from tests.identity.own_server import state
from tests.providers.keycloak import Keycloak
from tests.providers.node_provider import NodeProvider

WISH = Wish(("http://127.0.0.1:8000/oauth/callback",), ("openid", "offline_access"), "jwt")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def http() -> AsyncIterator[OidcHttp]:
    opened = OidcHttp()
    yield opened
    await opened.aclose()


def registration(database: Database, http: OidcHttp, **more: object) -> Registration:
    return Registration(database, state(database).vault, http, WISH, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["keycloak", "node_provider"])
async def test_a_client_is_registered_once_kept_and_deleted(
    request: pytest.FixtureRequest, database: Database, http: OidcHttp, name: str
) -> None:
    here: Keycloak | NodeProvider = request.getfixturevalue(name)
    provider = await discover(http, here.discovery_url)
    own = registration(database, http)
    first, origin = await own.resolve(provider, None)
    assert origin == "registered"
    assert await own.resolve(provider, None) == (first, "stored")
    assert await registration(database, http).resolve(provider, None) == (first, "stored")
    with pytest.raises(OAuthRefused, match="invalid_grant"):
        await TokenEndpoint(provider, first, http).refresh("x", (), None)
    assert await own.delete(provider)
    assert not await own.delete(provider)
    with pytest.raises(OAuthRefused, match=r"invalid_client|unauthorized_client"):
        await TokenEndpoint(provider, first, http).refresh("x", (), None)


async def test_replicas_that_start_at_once_register_one_client(node_provider: NodeProvider, database: Database, http: OidcHttp) -> None:
    provider = await discover(http, node_provider.discovery_url)
    found = set[str]()

    async def start() -> None:
        found.add((await registration(database, http).resolve(provider, None))[0].client_id)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(start)
    assert len(found) == 1


async def test_settings_come_first(node_provider: NodeProvider, database: Database, http: OidcHttp) -> None:
    given = ClientSecret("mine", "s")
    provider = await discover(http, node_provider.discovery_url)
    assert await registration(database, http).resolve(provider, given) == (given, "settings")
    assert await database.all("select * from secret") == []


async def test_the_file_of_an_older_installation_is_imported_once(
    node_provider: NodeProvider, database: Database, http: OidcHttp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / ".nextcloud_oauth_client.json"
    file.write_text(json.dumps({"client_id": "old", "client_secret": "geheim", "client_secret_expires_at": 0}))
    provider = await discover(http, node_provider.discovery_url)
    own = registration(database, http)
    assert await own.resolve(provider, None, file) == (ClientSecret("old", "geheim"), "imported")
    assert str(file) in caplog.text
    assert "geheim" not in caplog.text
    assert (await own.resolve(provider, None, file))[1] == "stored"


@pytest.mark.parametrize("content", ["", "[]", '{"client_id": 7}', "\xff"])
async def test_a_file_that_is_none_is_passed_over(
    node_provider: NodeProvider, database: Database, http: OidcHttp, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "client.json"
    file.write_bytes(content.encode("latin-1"))
    provider = await discover(http, node_provider.discovery_url)
    assert (await registration(database, http).resolve(provider, None, file))[1] == "registered"


async def test_a_client_that_ends_soon_is_replaced_and_its_people_are_named(
    node_provider: NodeProvider, database: Database, http: OidcHttp
) -> None:
    clock, told = Clock(), list[str]()

    async def orphaned() -> None:
        told.append("all")

    provider = await discover(http, node_provider.discovery_url)
    own = registration(database, http, orphaned=orphaned, clock=clock)
    first, _ = await own.resolve(provider, None)
    assert told == []
    value = {"client_id": first.client_id, "client_secret": first.secret, "client_secret_expires_at": clock.now + 3600}
    await own._keep(provider, value)
    assert (await own.resolve(provider, None))[1] == "stored"
    clock.now += 3400
    second, origin = await own.resolve(provider, None)
    assert (origin, told) == ("registered", ["all"])
    assert second != first


async def test_a_provider_that_registers_nobody_stops_the_start(node_provider: NodeProvider, database: Database, http: OidcHttp) -> None:
    provider = replace(await discover(http, node_provider.discovery_url), registration_endpoint="")
    with pytest.raises(ProviderUnfit) as told:
        await registration(database, http).resolve(provider, None)
    assert "OIDC_CLIENT_ID" in told.value.hint


async def test_a_client_that_ends_is_replaced_while_the_server_runs(
    node_provider: NodeProvider, database: Database, http: OidcHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nextcloud's own provider forgets registered clients after an hour."""
    monkeypatch.setattr("nextcloud_mcp_server.auth.oidc.registration.AGAIN_SECONDS", 0.01)
    clock, told = Clock(), list[str]()

    async def orphaned() -> None:
        told.append("all")

    provider = await discover(http, node_provider.discovery_url)
    own = registration(database, http, orphaned=orphaned, clock=clock)
    first, _ = await own.resolve(provider, None)
    value = {"client_id": first.client_id, "client_secret": first.secret, "client_secret_expires_at": clock.now + 3600}
    await own._keep(provider, value)
    held, _ = await own.resolve(provider, None)
    assert (held.client_id, held.expires_at) == (first.client_id, clock.now + 3600)
    endpoint = TokenEndpoint(provider, held, http)
    clock.now += 3400
    with anyio.fail_after(30):
        await own.follow(provider, held)
    assert held.client_id != first.client_id
    assert told == ["all"]
    with pytest.raises(OAuthRefused, match="invalid_grant"):
        await endpoint.refresh("x", (), None)
