"""The provider is late: the server is up and says so, callers are told to come back, and it serves as soon as the provider answers."""

import asyncio
import json
from pathlib import Path

import pytest

from nextcloud_mcp_server.auth import provider_side, sides
from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.web import health
from tests.identity.management_world import world
from tests.identity.test_every_route import provider
from tests.support.wire import Exchange, reply, wire


class Watched(OidcHttp):
    closed = False

    async def aclose(self) -> None:
        self.closed = True
        await super().aclose()


async def test_a_server_whose_provider_is_late_answers_probes_and_serves_when_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sides, "AGAIN_AFTER", 0.05)
    monkeypatch.setattr(health, "FRESH_FOR", 0.0)
    there, clients = False, list[Watched]()
    monkeypatch.setattr(provider_side, "OidcHttp", lambda verify: clients.append(Watched(verify)) or clients[-1])

    def answer(asked: Exchange) -> bytes:
        return provider(asked) if there else reply(503)

    async with wire(answer) as stub:
        settings = {
            "MCP_AUTH_MODE": "oauth",
            "MCP_OAUTH_OUTBOUND": "own",
            "OIDC_DISCOVERY_URL": f"{stub.url}/.well-known/openid-configuration",
            "OIDC_CLIENT_ID": "desk",
            "OIDC_CLIENT_SECRET": "a-client-secret-of-some-length",
        }
        async with world(tmp_path, **settings) as here:
            live = await here.http.get(f"{here.url}/health/live")
            ready = await here.http.get(f"{here.url}/health/ready")
            assert (live.status_code, ready.status_code, ready.json()["status"]) == (200, 503, "not_ready")
            for method, path in (("POST", "/mcp"), ("GET", "/oauth/authorize"), ("GET", "/api/v1/users/alice/session")):
                told = await here.http.request(method, f"{here.url}{path}")
                assert (told.status_code, bool(told.headers["retry-after"])) == (503, True), path
            there = True
            async with asyncio.timeout(60):
                while (await here.http.get(f"{here.url}/health/ready")).status_code != 200:
                    await asyncio.sleep(0.05)
            assert (await here.http.post(f"{here.url}/mcp")).status_code == 401
            assert [one.closed for one in clients] == [True] * (len(clients) - 1) + [False]
            found = (await here.http.get(f"{here.url}/.well-known/oauth-authorization-server")).text
            assert json.loads(found)["issuer"] == here.url
