"""Each unmodified client at each way of signing in, given nothing but the server's address."""

import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from anyio.to_thread import run_sync

from nextcloud_sandbox.server import Running
from tests.e2e.desks import Desk, python_desk
from tests.e2e.leaks import Watch
from tests.e2e.modes import CALLBACK, Browser, Home, Refused, at_nextcloud, at_provider
from tests.e2e.typescript import typescript_desk
from tests.e2e.user_oidc import user_oidc
from tests.identity.conftest import keycloak, node_provider
from tests.providers.documents import document
from tests.providers.keycloak import CLIENT, SECRET, Keycloak
from tests.providers.node_provider import NEXTCLOUD, NodeProvider
from tests.providers.shared import free_port

__all__ = ["keycloak", "node_provider"]

DESKS = {"python": python_desk, "typescript": typescript_desk}
PLACES = ["own", "facade-at-keycloak", "facade-at-oidc-provider", "keycloak", "oidc-provider"]
BY_DOCUMENT = ["keycloak-by-document", "oidc-provider-by-document"]
SEARCH, CREATE = "nc_notes_search_notes", "nc_notes_create_note"


@dataclass(frozen=True)
class Place:
    """A server that is not started yet, what people do to sign in to it, and how a client is registered there by hand.

    `document` is the address where a client describes itself.
    """

    name: str
    home: Home
    browser: Callable[[str], Browser]
    register: Callable[[], str] | None = None
    document: str | None = None

    def reading(self) -> Home:
        """The same server while it is set to list only tools that read."""
        return replace(self.home, more={**self.home.more, "MCP_READ_ONLY": "true"})


@pytest.fixture
async def place(request: pytest.FixtureRequest, tmp_path: Path, sandbox: Running, watch: Watch) -> AsyncGenerator[Place]:
    if request.param == "own":
        more = {"ENABLE_LOGIN_FLOW": "true", "MCP_TOOLSETS": "notes"}
        yield Place("own", Home(tmp_path, watch, sandbox.url, more), lambda user: at_nextcloud(sandbox, user, watch=watch))
        return
    there = at_keycloak if "keycloak" in request.param else at_node
    async with there(request, tmp_path, sandbox, watch) as made:
        if not request.param.endswith("by-document"):
            yield made
            return
        with document(client_name="Desk", redirect_uris=[CALLBACK]) as address:
            yield replace(made, document=address)


def settings(at: Keycloak | NodeProvider, watch: Watch, **more: str) -> dict[str, str]:
    return {
        "MCP_AUTH_MODE": "oauth",
        "OIDC_DISCOVERY_URL": at.discovery_url,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": watch.secret("the client's secret", SECRET),
        # A client asks for all scopes that are advertised, and providers refuse those that they do not know.
        "MCP_TOOLSETS": "notes",
        **more,
    }


@asynccontextmanager
async def at_keycloak(request: pytest.FixtureRequest, folder: Path, sandbox: Running, watch: Watch) -> AsyncGenerator[Place]:
    keycloak: Keycloak = request.getfixturevalue("keycloak")
    facade = request.param.startswith("facade")
    own = {"MCP_IDENTITY_PROVIDER": "nextcloud"} if facade else {"OIDC_CLIENT_ID": await run_sync(keycloak.named_by_its_resource)}
    await run_sync(take_documents, keycloak)
    port = free_port() if facade else urlsplit(keycloak.resource).port or 0
    async with user_oidc(sandbox, httpx2.get(keycloak.discovery_url).json()["jwks_uri"], "nextcloud") as front:
        home = Home(folder, watch, front.url, settings(keycloak, watch, **own), port)
        yield Place(request.param, home, at_provider, None if facade else lambda: keycloak.register()["client_id"])


@asynccontextmanager
async def at_node(request: pytest.FixtureRequest, folder: Path, sandbox: Running, watch: Watch) -> AsyncGenerator[Place]:
    node: NodeProvider = request.getfixturevalue("node_provider")
    facade = request.param.startswith("facade")
    own = {"NEXTCLOUD_RESOURCE_URI": NEXTCLOUD, **({"MCP_IDENTITY_PROVIDER": "nextcloud"} if facade else {})}

    def register() -> str:
        asked = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none", "application_type": "native"}
        return httpx2.post(f"{node.issuer}/reg", json=asked).json()["client_id"]

    async with user_oidc(sandbox, httpx2.get(node.discovery_url).json()["jwks_uri"], NEXTCLOUD) as front:
        yield Place(request.param, Home(folder, watch, front.url, settings(node, watch, **own)), at_provider, None if facade else register)


def take_documents(keycloak: Keycloak) -> None:
    """Client id metadata documents of this machine."""
    here, domains = ["localhost", "127.0.0.1"], "client-id-uri-allow-permitted-domains"
    reads = {"executor": "client-id-metadata-document", "configuration": {"cimd-allow-permitted-domains": here}}
    when = {
        "condition": "client-id-uri",
        "configuration": {"client-id-uri-scheme": ["https"], domains: here},
    }
    keycloak.admin("PUT", "/client-policies/profiles", {"profiles": [{"name": "documents", "executors": [reads]}]})
    policy = {"name": "documents", "enabled": True, "conditions": [when], "profiles": ["documents"]}
    keycloak.admin("PUT", "/client-policies/policies", {"policies": [policy]})


def note(sandbox: Running, user: str, title: str) -> None:
    """Something that this person has in Nextcloud."""
    body = {"title": title, "content": "x", "category": ""}
    httpx2.post(f"{sandbox.url}/index.php/apps/notes/api/v1/notes", json=body, auth=(user, user)).raise_for_status()


async def titles(desk: Desk, query: str) -> list[str]:
    return [found["title"] for found in (await desk.called(SEARCH, query=query))["results"]]


def asked_for(address: str) -> dict[str, Any]:
    """The parameters of an authorization request; `scope` as a set."""
    given = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return {**given, "scope": set(given["scope"].split())}


@pytest.mark.parametrize("sdk", DESKS)
@pytest.mark.parametrize("place", PLACES + BY_DOCUMENT, indirect=True)
async def test_two_people_sign_in_see_their_own_and_stay_signed_in(place: Place, sdk: str, sandbox: Running, watch: Watch) -> None:
    home, here = place.home, uuid.uuid4().hex
    # That provider gives refresh tokens for `offline_access` only, which a server does not advertise (MCP 2025-11-25,
    # authorization): the Python client asks for it of itself, the TypeScript client does not.
    renews = sdk == "python" or not place.name.startswith("oidc-provider")
    async with home.running():
        for user in ("alice", "bob"):
            await run_sync(note, sandbox, user, f"{here} of {user}")
            async with DESKS[sdk](home.mcp, place.browser(user), watch, place.document) as desk:
                await desk.connect()
                assert place.document in (None, asked_for(desk.opened[0])["client_id"])
                assert {SEARCH, CREATE} <= await desk.names()
                assert await titles(desk, f"{here} of") == [f"{here} of {user}"]
                assert asked_for(desk.opened[0])["resource"] == home.mcp
                await desk.expire()
                assert await titles(desk, f"{here} of") == [f"{here} of {user}"]
                assert len(desk.opened) == (1 if renews else 2)


@pytest.mark.parametrize("place", PLACES, indirect=True)
async def test_the_python_client_asks_for_what_a_call_needs_and_keeps_what_it_had(place: Place, watch: Watch) -> None:
    async with python_desk(place.home.mcp, place.browser("alice"), watch) as desk:
        if place.register:
            await desk.know(await run_sync(place.register))
        async with place.reading().running():
            await desk.connect()
        async with place.home.running():
            await desk.again()
            assert CREATE not in await desk.names()
            assert (await desk.called(CREATE, title="allowed now", content="x"))["success"]
            assert {SEARCH, CREATE} <= await desk.names()
    first, second = map(asked_for, desk.opened)
    assert "notes:write" not in first["scope"]
    assert second["scope"] >= {"notes:read", "notes:write"}


@pytest.mark.parametrize("place", ["own", "keycloak"], indirect=True)
async def test_the_typescript_client_spends_its_refresh_token_on_a_call_that_needs_more_until_that_is_forgotten(
    place: Place, watch: Watch
) -> None:
    """Its SDK refreshes instead of asking for more (1.32); an application drops the tokens and signs in anew."""
    async with typescript_desk(place.home.mcp, place.browser("alice"), watch) as desk:
        if place.register:
            await desk.know(await run_sync(place.register))
        async with place.reading().running():
            await desk.connect()
        async with place.home.running():
            await desk.again()
            with pytest.raises(Refused, match="403 after trying upscoping"):
                await desk.called(CREATE, title="x", content="x")
            await desk.forget_tokens()
            await desk.again()
            assert (await desk.called(CREATE, title="allowed now", content="x"))["success"]
            assert {SEARCH, CREATE} <= await desk.names()
    assert len(desk.opened) == 2


@pytest.mark.parametrize("place", ["oidc-provider"], indirect=True)
async def test_the_typescript_client_without_a_refresh_token_asks_for_what_a_call_needs_and_for_nothing_else(
    place: Place, watch: Watch
) -> None:
    """Its SDK does not add up scopes (1.32)."""
    assert place.register
    async with typescript_desk(place.home.mcp, place.browser("alice"), watch) as desk:
        await desk.know(await run_sync(place.register))
        async with place.reading().running():
            await desk.connect()
        async with place.home.running():
            await desk.again()
            assert (await desk.called(CREATE, title="allowed now", content="x"))["success"]
            assert SEARCH not in await desk.names()
    assert asked_for(desk.opened[1])["scope"] == {"notes:write"}


@pytest.mark.parametrize("place", ["keycloak", "oidc-provider"], indirect=True)
async def test_a_provider_gives_a_client_no_more_scopes_than_it_registered_itself_for(place: Place, watch: Watch) -> None:
    """So such a client has to register anew, which the SDK leaves to the application."""
    async with python_desk(place.home.mcp, place.browser("alice"), watch) as desk:
        async with place.reading().running():
            await desk.connect()
            assert "notes:write" not in (await desk.kept())["client"]["scope"].split()
        async with place.home.running():
            await desk.again()
            with pytest.raises(Refused, match="invalid_scope"):
                await desk.called(CREATE, title="x", content="x")
