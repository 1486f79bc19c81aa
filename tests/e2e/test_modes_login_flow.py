"""Login Flow v2 with this server as the authorization server: unmodified clients that know nothing but its address."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from anyio.to_thread import run_sync

from nextcloud_sandbox.server import Running
from tests.e2e.leaks import Watch
from tests.e2e.modes import CALLBACK, Home, Memory, at_nextcloud, called, connected, flows, grant, names, refused, sign_in
from tests.identity.own_server import login_link
from tests.providers.person import Person, Pkce, authorization


@pytest.fixture
def home(tmp_path: Path, sandbox: Running, watch: Watch) -> Home:
    return Home(tmp_path, watch, sandbox.url, {"ENABLE_LOGIN_FLOW": "true"})


@asynccontextmanager
async def signed_in(home: Home, sandbox: Running, user: str = "alice", scope: str | None = None) -> AsyncGenerator[tuple[object, Memory]]:
    memory = Memory(home.watch)
    async with connected(home.mcp, sign_in(home.mcp, memory, at_nextcloud(sandbox, user, watch=home.watch), scope)) as client:
        yield client, memory


async def test_a_client_that_knows_only_the_address_signs_two_people_in(home: Home, sandbox: Running) -> None:
    async with home.running():
        for user in ("alice", "bob"):
            async with signed_in(home, sandbox, user) as (client, memory):
                assert memory.tokens
                assert memory.client
                listed = await names(client)
                assert {"nc_notes_create_note", "nc_auth_check_status", "revoke_nextcloud_access"} <= listed
                assert (await called(client, "nc_users_whoami"))["user_id"] == user
                await called(client, "nc_notes_create_note", title=f"signed in as {user}", content="x")
                found = await called(client, "nc_notes_search_notes", query="signed in as")
                assert {note["title"] for note in found["results"]} == {f"signed in as {user}"}


async def test_without_a_token_the_challenge_leads_to_the_metadata(home: Home) -> None:
    home.watch.secret("a token that is wrong", "nobody-ever-issued-this-token")
    async with home.running(), httpx2.AsyncClient() as http:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for header in ({}, {"Authorization": "Bearer nobody-ever-issued-this-token"}, {"Authorization": "Basic YWxpY2U6YWxpY2U="}):
            answer = await http.post(home.mcp, json=body, headers=header)
            assert answer.status_code == 401
            challenge = answer.headers["www-authenticate"]
            assert f'resource_metadata="{home.url}/.well-known/oauth-protected-resource/mcp"' in challenge
            assert "notes:read" in challenge
            assert "offline_access" not in challenge
            assert ("invalid_token" in challenge) == ("Bearer" in header.get("Authorization", ""))
        told = (await http.get(f"{home.url}/.well-known/oauth-protected-resource/mcp")).json()
        assert (told["resource"], told["authorization_servers"]) == (home.mcp, [home.url])
        assert "notes:write" in told["scopes_supported"]
        served = (await http.get(f"{home.url}/.well-known/oauth-authorization-server")).json()
        assert served["issuer"] == home.url
        assert set(told["scopes_supported"]) <= set(served["scopes_supported"])


async def test_read_only_tokens_see_no_write_tool_and_a_call_of_one_is_403(home: Home, sandbox: Running) -> None:
    async with home.running():
        token = await by_hand(home, sandbox, "alice", "openid notes:read")
        async with connected(home.mcp, Authorization=f"Bearer {token}") as client:
            listed = await names(client)
            assert {name for name in listed if name.startswith("nc_notes")} == {
                "nc_notes_search_notes", "nc_notes_get_note", "nc_notes_get_attachment",
            }  # fmt: skip
            assert not {name for name in listed if name.startswith("nc_calendar")}
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nc_notes_create_note", "arguments": {}}}
            answer = await http.post(home.mcp, json=call)
            assert answer.status_code == 403
            challenge = answer.headers["www-authenticate"]
            assert 'error="insufficient_scope"' in challenge
            assert 'scope="notes:write"' in challenge
            assert "resource_metadata=" in challenge


async def test_a_token_with_openid_alone_sees_the_sign_in_tools_only(home: Home, sandbox: Running) -> None:
    async with home.running():
        token = await by_hand(home, sandbox, "alice", "openid")
        async with connected(home.mcp, Authorization=f"Bearer {token}") as client:
            assert await names(client) == {
                "nc_auth_provision_access", "nc_auth_check_status", "nc_auth_update_scopes", "revoke_nextcloud_access",
                "check_provisioning_status", "check_logged_in", "provision_nextcloud_access",
            }  # fmt: skip


async def test_a_restart_in_the_middle_of_a_sign_in_does_not_matter(home: Home, sandbox: Running) -> None:
    pkce, person = Pkce(), Person("alice")
    async with home.running():
        client = (await run_sync(lambda: register(home)))["client_id"]
        page = await run_sync(person.open, ask(home, pkce, client))
        waiting = await run_sync(lambda: person.submit(page, approve="yes"))
    async with home.running():
        grant(sandbox, login_link(waiting.text), "alice", home.watch)
        answered = person.answer(await run_sync(person.open, str(waiting.url)))
        assert answered
    async with home.running():
        tokens = await redeem(home, client, answered["code"], pkce)
        async with connected(home.mcp, Authorization=f"Bearer {tokens['access_token']}") as mcp:
            assert (await called(mcp, "nc_users_whoami"))["user_id"] == "alice"


async def test_refreshing_rotates_survives_a_restart_and_a_reused_token_ends_the_sign_in(home: Home, sandbox: Running) -> None:
    async with home.running():
        async with signed_in(home, sandbox) as (_, memory):
            assert memory.tokens
            first = memory.tokens
    async with home.running(), httpx2.AsyncClient() as http:
        assert memory.client
        form = {"grant_type": "refresh_token", "client_id": memory.client.client_id, "refresh_token": first.refresh_token}
        rotated = (await http.post(f"{home.url}/oauth/token", data=form)).json()
        home.watch.tokens(rotated)
        assert rotated["refresh_token"] != first.refresh_token
        async with connected(home.mcp, Authorization=f"Bearer {rotated['access_token']}") as mcp:
            assert (await called(mcp, "nc_users_whoami"))["user_id"] == "alice"
        again = await http.post(f"{home.url}/oauth/token", data=form)
        assert again.json()["error"] == "invalid_grant"
        assert (await http.post(home.mcp, json={}, headers={"Authorization": f"Bearer {rotated['access_token']}"})).status_code == 401


async def test_an_expired_access_token_is_renewed_by_the_client_without_the_person(home: Home, sandbox: Running) -> None:
    memory, asked = Memory(home.watch), list[str]()
    browser = at_nextcloud(sandbox, "alice", watch=home.watch)
    async with home.running():
        async with connected(home.mcp, sign_in(home.mcp, memory, browser)) as client:
            await names(client)
        before = memory.tokens

        async def nobody(address: str) -> dict[str, str]:
            asked.append(address)
            return await browser(address)

        auth = sign_in(home.mcp, memory, nobody)
        await auth._initialize()
        auth.context.token_expiry_time = 1.0
        async with connected(home.mcp, auth) as client:
            assert (await called(client, "nc_users_whoami"))["user_id"] == "alice"
        assert memory.tokens
        assert before
        assert memory.tokens.access_token != before.access_token
        assert asked == []


async def test_access_is_checked_narrowed_and_taken_back_by_tools(home: Home, sandbox: Running) -> None:
    others = devices(sandbox)
    async with home.running():
        async with signed_in(home, sandbox) as (client, _):
            first = devices(sandbox) - others
            assert len(first) == 1
            assert (await called(client, "nc_auth_check_status"))["status"] == "provisioned"
            assert (await called(client, "nc_auth_provision_access"))["status"] == "already_provisioned"
            assert "There is:" in (await called(client, "nc_auth_update_scopes", add_scopes=["nonsense:read"]))["message"]
            asked = await called(client, "nc_auth_update_scopes", remove_scopes=["notes:write"])
            assert asked["status"] == "login_required"
            assert asked["login_url"].startswith(f"{home.url}/app/provision?flow=")
            assert (await called(client, "nc_auth_check_status"))["status"] == "pending"
            assert "nc_notes_create_note" in await names(client)
            only = [flow for flow in flows(sandbox) if not flow.granted][-1]
            grant(sandbox, only.login_token, "alice", home.watch)
            status = await called(client, "nc_auth_check_status")
            assert status["status"] == "provisioned"
            assert "notes:write" not in status["scopes"]
            assert "nc_notes_create_note" not in await names(client)
            assert "nc_auth_update_scopes" in await refused(client, "nc_notes_create_note", title="x")
            second = devices(sandbox) - others
            assert len(second) == 1
            assert first != second
            await called(client, "revoke_nextcloud_access")
            assert devices(sandbox) == others
            assert (await called(client, "check_provisioning_status"))["is_provisioned"] is False
            assert "nc_auth_provision_access" in await refused(client, "nc_notes_search_notes", query="x")
            begun = await called(client, "nc_auth_provision_access", scopes=["notes:read"])
            assert begun["status"] == "login_required"
            newest = [flow for flow in flows(sandbox) if not flow.granted][-1]
            grant(sandbox, newest.login_token, "alice", home.watch)
            assert (await called(client, "nc_auth_check_status"))["scopes"] == ["notes:read"]
            await called(client, "nc_notes_search_notes", query="x")


async def test_the_address_of_a_sign_in_forwards_only_the_browser_of_the_same_person(home: Home, sandbox: Running) -> None:
    alice, bob = Person("alice"), Person("bob")
    async with home.running():
        async with connected(home.mcp, sign_in(home.mcp, Memory(home.watch), at_nextcloud(sandbox, "alice", alice, home.watch))) as client:
            async with connected(home.mcp, sign_in(home.mcp, Memory(home.watch), at_nextcloud(sandbox, "bob", bob, home.watch))):
                url = (await called(client, "nc_auth_update_scopes", remove_scopes=["notes:write"]))["login_url"]
                theirs = await run_sync(bob.open, url)
                assert theirs.status_code == 403
                assert "begun by somebody else" in theirs.text
                own = await run_sync(alice.open, url)
                assert own.status_code == 200
                assert str(own.url).startswith(sandbox.url)


# Steps by hand, where the clients do more than is wanted


def devices(sandbox: Running) -> set[str]:
    return {one.token for one in sandbox.sandbox.data.app_passwords.values() if one.user == "alice"}


def register(home: Home) -> dict[str, str]:
    asked = {"client_name": "Hand", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
    return httpx2.post(f"{home.url}/oauth/register", json=asked).json()


def ask(home: Home, pkce: Pkce, client: str, scope: str = "openid notes:read users:read") -> str:
    home.watch.secret("the verifier", pkce.verifier)
    return authorization(f"{home.url}/oauth/authorize", pkce, client_id=client, scope=scope, resource=home.mcp)


async def redeem(home: Home, client: str, code: str, pkce: Pkce) -> dict[str, str]:
    home.watch.secret("the code", code)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": pkce.verifier}
    tokens = (await run_sync(lambda: httpx2.post(f"{home.url}/oauth/token", data={**form, "client_id": client}))).json()
    home.watch.tokens(tokens)
    return tokens


async def by_hand(home: Home, sandbox: Running, user: str, scope: str) -> str:
    pkce, client = Pkce(), (await run_sync(lambda: register(home)))["client_id"]
    answered = await at_nextcloud(sandbox, user, watch=home.watch)(ask(home, pkce, client, scope))
    return (await redeem(home, client, answered["code"], pkce))["access_token"]
