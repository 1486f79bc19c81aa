"""An address shown to the person by their client (URL-mode elicitation), on both eras of the protocol."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
import mcp_types as types
import pytest
from anyio.to_thread import run_sync
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from nextcloud_sandbox.server import Running
from tests.e2e.leaks import Watch
from tests.e2e.modes import Home, Memory, at_nextcloud, called, flows, grant, refused, sign_in
from tests.providers.person import Person

ERAS = ["legacy", "2026-07-28"]
Says = Literal["accept", "decline", "cancel"]
REFUSALS: list[tuple[Says, str]] = [("decline", "declined"), ("cancel", "cancelled")]


@dataclass
class Screen:
    """What the client shows, and what the person says to it."""

    says: Says = "accept"
    shown: list[str] = field(default_factory=list[str])

    async def show(self, context: Any, asked: types.ElicitRequestParams) -> types.ElicitResult:
        assert isinstance(asked, types.ElicitRequestURLParams)
        self.shown.append(asked.url)
        return types.ElicitResult(action=self.says)


@dataclass
class Desk:
    client: Client
    screen: Screen
    person: Person


@asynccontextmanager
async def desk(home: Home, sandbox: Running, era: str) -> AsyncGenerator[Desk]:
    """Alice, signed in by a client of that era; she took the access that came with signing in back."""
    screen, person = Screen(), Person("alice")
    auth = sign_in(home.mcp, Memory(home.watch), at_nextcloud(sandbox, "alice", person, home.watch))
    async with home.running(), httpx2.AsyncClient(auth=auth, timeout=30) as http:
        transport = streamable_http_client(home.mcp, http_client=http)
        async with Client(transport, mode=era, elicitation_callback=screen.show) as client:  # type: ignore[arg-type]
            await called(client, "revoke_nextcloud_access")
            yield Desk(client, screen, person)


@pytest.fixture
def home(tmp_path: Path, sandbox: Running, watch: Watch) -> Home:
    return Home(tmp_path, watch, sandbox.url, {"ENABLE_LOGIN_FLOW": "true", "MCP_TOOLSETS": "notes"})


@pytest.mark.parametrize("era", ERAS)
async def test_who_opens_the_page_gives_access_once(home: Home, sandbox: Running, era: str) -> None:
    async with desk(home, sandbox, era) as one:
        before = len(flows(sandbox))
        begun = await called(one.client, "nc_auth_provision_access", scopes=["notes:read"])
        assert begun["status"] == "pending"
        assert one.screen.shown == [begun["login_url"]]
        assert begun["login_url"].startswith(f"{home.url}/app/provision?flow=")
        assert len(flows(sandbox)) == before + 1
        grant(sandbox, flows(sandbox)[-1].login_token, "alice", home.watch)
        status = await called(one.client, "nc_auth_check_status")
        assert (status["status"], status["scopes"]) == ("provisioned", ["notes:read"])
        assert (await called(one.client, "nc_auth_provision_access"))["status"] == "already_provisioned"
        assert len(one.screen.shown) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_who_declines_or_looks_away_leaves_nothing_behind(home: Home, sandbox: Running, era: str) -> None:
    async with desk(home, sandbox, era) as one:
        for one.screen.says, status in REFUSALS:
            answer = await called(one.client, "nc_auth_provision_access")
            assert (answer["status"], answer.get("login_url")) == (status, None)
            assert (await called(one.client, "nc_auth_check_status"))["status"] == "not_initiated"
            assert "nc_auth_provision_access" in await refused(one.client, "nc_notes_search_notes", query="")
            opened = await run_sync(one.person.open, one.screen.shown[-1])
            assert opened.status_code >= 400
            assert str(opened.url).startswith(home.url)


@pytest.mark.parametrize("era", ERAS)
async def test_who_declines_other_scopes_keeps_the_access_there_is(home: Home, sandbox: Running, era: str) -> None:
    async with desk(home, sandbox, era) as one:
        await called(one.client, "provision_nextcloud_access")
        grant(sandbox, flows(sandbox)[-1].login_token, "alice", home.watch)
        assert (await called(one.client, "nc_auth_check_status"))["status"] == "provisioned"
        one.screen.says = "decline"
        assert (await called(one.client, "nc_auth_update_scopes", remove_scopes=["notes:write"]))["status"] == "declined"
        status = await called(one.client, "nc_auth_check_status")
        assert (status["status"], "scopes" in status) == ("provisioned", False)
        await called(one.client, "nc_notes_search_notes", query="")
        assert len(one.screen.shown) == 2


async def test_without_the_means_to_show_an_address_it_is_in_the_answer(home: Home, sandbox: Running) -> None:
    auth = sign_in(home.mcp, Memory(home.watch), at_nextcloud(sandbox, "alice", watch=home.watch))
    async with home.running(), httpx2.AsyncClient(auth=auth, timeout=30) as http:
        for era in ERAS:
            async with Client(streamable_http_client(home.mcp, http_client=http), mode=era) as client:  # type: ignore[arg-type]
                await called(client, "revoke_nextcloud_access")
                begun = await called(client, "nc_auth_provision_access")
                assert begun["status"] == "login_required"
                assert begun["login_url"].startswith(f"{home.url}/app/provision?flow=")
                assert "every 5 seconds" in begun["message"]
