"""Multi-user Basic: everybody shows their own pair with each request."""

from pathlib import Path

import aiohttp
import httpx2
import pytest

from nextcloud_sandbox.server import Running
from tests.e2e.conftest import server
from tests.e2e.leaks import Watch
from tests.e2e.modes import Home, called, connected, names, without_account


@pytest.fixture
def basic_env(sandbox: Running) -> dict[str, str]:
    return without_account(sandbox.url, ENABLE_MULTI_USER_BASIC_AUTH="true")


def pair(sandbox: Running, watch: Watch, user: str) -> dict[str, str]:
    return {"Authorization": watch.basic(user, sandbox.sandbox.new_app_password(user, "test").token)}


async def test_nobody_gets_in_without_a_pair_that_nextcloud_accepts(sandbox: Running, basic_env: dict[str, str], watch: Watch) -> None:
    wrong = watch.basic("alice", "a-wrong-password-of-some-length")
    async with server(basic_env) as served, aiohttp.ClientSession() as http:
        watch.said.append(("the log", served.log))
        for header in ({}, {"Authorization": "Basic !"}, {"Authorization": "Bearer abc"}, {"Authorization": wrong}):
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            async with http.post(f"{served.url}/mcp", json=body, headers=header) as answer:
                watch.said.append(("the answer", [await answer.text()]))
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"] == 'Basic realm="Nextcloud", charset="UTF-8"'
        async with http.get(f"{served.url}/health/ready") as ready:
            assert (await ready.json())["status"] == "ready"
        async with http.get(f"{served.url}/nothing/here") as absent:
            assert absent.status == 404


async def test_two_people_see_only_their_own(sandbox: Running, basic_env: dict[str, str], watch: Watch) -> None:
    async with server(basic_env) as served:
        watch.said.append(("the log", served.log))
        made: dict[str, int] = {}
        for user in ("alice", "bob"):
            async with connected(f"{served.url}/mcp", **pair(sandbox, watch, user)) as client:
                listed = await names(client)
                assert "nc_notes_create_note" in listed
                assert not {name for name in listed if name.startswith("nc_auth_")}
                made[user] = (await called(client, "nc_notes_create_note", title=f"of {user}", content="x"))["id"]
        for user, other in (("alice", "bob"), ("bob", "alice")):
            async with connected(f"{served.url}/mcp", **pair(sandbox, watch, user)) as client:
                found = await called(client, "nc_notes_search_notes", query="of")
                titles = {note["title"] for note in found["results"]}
                assert f"of {user}" in titles
                assert f"of {other}" not in titles
                assert (await client.call_tool("nc_notes_get_note", {"note_id": made[other]})).is_error
                assert (await called(client, "nc_users_whoami"))["user_id"] == user


async def test_a_grant_for_the_background_does_not_limit_the_person(sandbox: Running, tmp_path: Path, watch: Watch) -> None:
    home = Home(tmp_path, watch, sandbox.url, {"ENABLE_MULTI_USER_BASIC_AUTH": "true", "ENABLE_BACKGROUND_OPERATIONS": "true"})
    header = pair(sandbox, watch, "alice")
    async with home.running():
        async with httpx2.AsyncClient(headers=header, timeout=30) as http:
            stored = await http.post(f"{home.url}/api/v1/users/alice/app-password", json={"scopes": ["notes:read"]})
            assert stored.json()["scopes"] == ["notes:read"], stored.text
        async with connected(home.mcp, **header) as client:
            assert "nc_notes_create_note" in await names(client)
            assert (await called(client, "nc_notes_create_note", title="written all the same", content="x"))["success"]


async def test_a_password_that_was_deleted_at_nextcloud_ends_the_access(sandbox: Running, basic_env: dict[str, str], watch: Watch) -> None:
    device = sandbox.sandbox.new_app_password("alice", "test")
    header = {"Authorization": watch.basic("alice", device.token)}
    async with server(basic_env) as served:
        watch.said.append(("the log", served.log))
        async with connected(f"{served.url}/mcp", **header) as client:
            await called(client, "nc_notes_search_notes", query="")
            del sandbox.sandbox.data.app_passwords[device.token]
            assert (await client.call_tool("nc_notes_search_notes", {"query": ""})).is_error


async def test_a_nextcloud_that_is_away_is_told_as_503_not_as_a_wrong_password(watch: Watch) -> None:
    env = without_account("http://127.0.0.1:1", ENABLE_MULTI_USER_BASIC_AUTH="true")
    async with server(env) as served, httpx2.AsyncClient(headers={"Authorization": watch.basic("alice", "some-app-password")}) as http:
        watch.said.append(("the log", served.log))
        answer = await http.post(f"{served.url}/mcp", json={})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
