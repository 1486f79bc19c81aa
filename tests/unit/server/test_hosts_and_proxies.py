"""Which host names are this server, and whose word about a caller's address is believed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from nextcloud_mcp_server.server.compose import build
from nextcloud_mcp_server.server.listening import config
from nextcloud_mcp_server.settings import read
from nextcloud_mcp_server.storage import new_key
from tests.support.rates import no_new_window

__all__ = ["no_new_window"]

PUBLIC = "https://mcp.example.test"
PROXY, STRANGER = "10.0.0.1", "10.0.0.9"
CLIENT = {"client_name": "Desk", "redirect_uris": ["http://127.0.0.1:3333/cb"], "token_endpoint_auth_method": "none"}
AN_HOUR = 20
"""Clients that may register from one address within an hour."""


@asynccontextmanager
async def served(folder: Path, peer: str = PROXY, **more: str) -> AsyncGenerator[httpx2.AsyncClient]:
    """The application as uvicorn runs it, for requests that come from `peer`; Nextcloud is nowhere."""
    settings = {
        "NEXTCLOUD_HOST": "http://127.0.0.1:9",
        "NEXTCLOUD_MCP_SERVER_URL": PUBLIC,
        "MCP_AUTH_MODE": "login_flow",
        "TOKEN_STORAGE_DB": str(folder / "tokens.db"),
        "TOKEN_ENCRYPTION_KEY": new_key(),
        "MCP_DATA_DIR": str(folder),
        **more,
    }
    product = build(read(settings))
    made = config(product, "0.0.0.0", 8000)
    made.load()
    async with product.running():
        transport = httpx2.ASGITransport(made.loaded_app, client=(peer, 40_000))
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC) as http:
            yield http


OURS = ("mcp.example.test", "mcp.example.test:443", "MCP.Example.Test", "inner", "inner:8000", "localhost:8000", "127.0.0.1", "[::1]:8000")
OTHERS = ("evil.test", "evil.test:8000", "mcp.example.test.evil.test", "inner.evil.test", "0.0.0.0:8000", "10.0.0.5", "")
ORIGINS = (PUBLIC, "https://MCP.example.test", "https://desk.example.test", "http://localhost:6274")


async def test_the_public_the_allowed_and_the_loopback_names_are_this_server(tmp_path: Path) -> None:
    async with served(tmp_path, MCP_ALLOWED_HOSTS="Inner, other.example.test", MCP_ALLOWED_ORIGINS="https://Desk.example.test") as http:
        for host in OURS:
            assert (await http.get("/health/live", headers={"Host": host})).status_code == 200, host
            assert (await http.post("/mcp", headers={"Host": host})).status_code == 401, host
        for origin in ORIGINS:
            assert (await http.get("/health/live", headers={"Origin": origin})).status_code == 200, origin


async def test_every_other_name_is_421_and_every_other_origin_403_on_every_route(tmp_path: Path) -> None:
    async with served(tmp_path, MCP_ALLOWED_HOSTS="inner") as http:
        for path in ("/health/live", "/mcp", "/oauth/register", "/.well-known/oauth-authorization-server", "/nowhere"):
            for host in OTHERS:
                assert (await http.get(path, headers={"Host": host})).status_code == 421, (path, host)
            for origin in ("https://evil.test", f"{PUBLIC}.evil.test", "http://mcp.example.test", "null"):
                assert (await http.get(path, headers={"Origin": origin})).status_code == 403, (path, origin)


async def registered(http: httpx2.AsyncClient, *told: str) -> list[int]:
    """Registrations one after the other, each told by the proxy to come from these addresses."""
    answers = [await http.post("/oauth/register", json=CLIENT, headers={"X-Forwarded-For": address}) for address in told]
    return [answer.status_code for answer in answers]


async def test_behind_a_trusted_proxy_each_caller_counts_by_their_own_address(tmp_path: Path) -> None:
    async with served(tmp_path, FORWARDED_ALLOW_IPS=PROXY) as http:
        assert await registered(http, *["192.0.2.1"] * (AN_HOUR + 1)) == [201] * AN_HOUR + [429]
        assert await registered(http, "192.0.2.2", "192.0.2.1") == [201, 429]


@pytest.mark.parametrize(
    ("peer", "trusted"), [(STRANGER, {"FORWARDED_ALLOW_IPS": PROXY}), (PROXY, {})], ids=["another peer", "no proxy set"]
)
async def test_nobody_else_is_believed_about_addresses(tmp_path: Path, peer: str, trusted: dict[str, str]) -> None:
    async with served(tmp_path, peer, **trusted) as http:
        invented = [f"192.0.2.{number}" for number in range(AN_HOUR + 1)]
        assert await registered(http, *invented) == [201] * AN_HOUR + [429]


@pytest.mark.parametrize("trusted", [{}, {"FORWARDED_ALLOW_IPS": PROXY}], ids=["no proxy set", "by a trusted proxy"])
async def test_addresses_in_metadata_are_the_public_one_whatever_headers_say(tmp_path: Path, trusted: dict[str, str]) -> None:
    told = {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.test;proto=http", "X-Forwarded-Port": "1"}
    async with served(tmp_path, **trusted) as http:
        for name in ("oauth-authorization-server", "oauth-protected-resource/mcp"):
            answer = await http.get(f"/.well-known/{name}", headers=told)
            assert answer.status_code == 200
            assert PUBLIC in answer.text
            assert "evil" not in answer.text
            assert "http://" not in answer.text
        challenge = (await http.post("/mcp", headers=told)).headers["www-authenticate"]
        assert f"{PUBLIC}/.well-known/" in challenge
