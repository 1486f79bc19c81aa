"""The management API of a whole server, asked by alice, with bob beside her."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextcloud_mcp_server import __version__
from tests.identity.management_world import LOGIN_FLOW, PASS_THROUGH, World, world


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, **LOGIN_FLOW) as here:
        yield here


@pytest.fixture
async def through(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, **PASS_THROUGH) as here:
        yield here


async def test_anybody_is_told_what_the_server_is_and_only_the_known_its_exact_version(one: World) -> None:
    public = (await one.ask("GET", "/status")).json()
    assert public["auth_mode"] == "oauth"
    assert public["management_api_version"] == "1.0"
    assert (public["vector_sync_enabled"], public["supported_search_types"], public["webhooks_enabled"]) == (False, [], False)
    assert public["version"] == ".".join(__version__.split(".")[:2])
    assert not any("count" in name or "indexed" in name for name in public)
    token = await one.bearer("alice")
    assert (await one.ask("GET", "/status", token=token)).json()["version"] == __version__
    assert (await one.ask("GET", "/status", token="forged")).status_code == 401


async def test_the_scopes_are_public_and_those_of_the_tools(one: World) -> None:
    scopes = (await one.ask("GET", "/scopes")).json()["scopes"]
    assert {"notes:read", "notes:write", "calendar:read"} <= set(scopes)
    assert "openid" not in scopes


@pytest.mark.parametrize("path", ["/users/alice/session", "/apps"])
async def test_without_a_token_the_challenge_names_the_metadata(one: World, path: str) -> None:
    refused = await one.ask("GET", path)
    assert refused.status_code == 401
    assert "/.well-known/oauth-protected-resource/mcp" in refused.headers["www-authenticate"]
    assert set(refused.json()) == {"error", "message"}


async def test_a_session_tells_what_was_given_to_the_person_themselves_alone(one: World) -> None:
    await one.provisioned("alice", scopes=["notes:read"])
    alice, bob = await one.bearer("alice"), await one.bearer("bob")
    told = (await one.ask("GET", "/users/alice/session", token=alice)).json()
    assert (told["session_id"], told["background_access_granted"]) == ("alice", True)
    assert told["background_access_details"]["scopes"] == ["notes:read"]
    assert (await one.ask("GET", "/users/bob/session", token=alice)).status_code == 403
    await one.management.kept.people.bind(one.url, "bob", "bob")
    assert (await one.ask("GET", "/users/alice/session", token=bob)).status_code == 403
    nothing = (await one.ask("GET", "/users/bob/session", token=bob)).json()
    assert nothing == {"session_id": "bob", "background_access_granted": False}


async def test_the_person_in_the_path_is_compared_by_nextclouds_user_id_and_not_by_the_claim(one: World) -> None:
    token = await one.bearer("alice")
    assert (await one.ask("GET", "/users/alice/session", token=token)).status_code == 428
    await one.management.kept.people.bind(one.url, "alice", "carol-4f2a")
    assert (await one.ask("GET", "/users/alice/session", token=token)).status_code == 403
    assert (await one.ask("GET", "/users/carol-4f2a/session", token=token)).status_code == 200


async def test_revoking_deletes_the_password_here_and_at_nextcloud_and_leaves_others_alone(one: World) -> None:
    await one.provisioned("alice", "bob")
    alice = await one.bearer("alice")
    assert (await one.ask("POST", "/users/bob/revoke", token=alice)).status_code == 403
    done = await one.ask("POST", "/users/alice/revoke", token=alice)
    assert done.json()["success"] is True
    assert await one.management.kept.store.users() == ["bob"]
    devices = {device.token: device.user for device in one.nextcloud.sandbox.data.app_passwords.values()}
    assert one.app_password("bob") in devices
    assert one.app_password("alice") not in devices
    assert (await one.ask("POST", "/users/alice/revoke", token=alice)).status_code == 200


async def test_an_app_password_is_stored_seen_limited_and_deleted_by_its_owner(one: World) -> None:
    alice = one.basic("alice")
    assert (await one.ask("GET", "/users/alice/app-password", auth=alice)).json()["has_app_password"] is False
    assert (await one.ask("GET", "/users/alice/access", auth=alice)).json() == {
        "success": True,
        "user_id": "alice",
        "provisioned": False,
        "scopes": [],
    }
    assert (await one.ask("PATCH", "/users/alice/scopes", auth=alice, json={"scopes": ["notes:read"]})).status_code == 404
    stored = await one.ask("POST", "/users/alice/app-password", auth=alice, json={"scopes": ["notes:read", "files.read"]})
    assert stored.json()["scopes"] == ["files:read", "notes:read"]
    session = await one.product.sides.offline("alice")
    assert session
    assert await session.uid() == "alice"
    access = (await one.ask("GET", "/users/alice/access", auth=alice)).json()
    assert (access["provisioned"], access["username"], access["scopes"]) == (True, "alice", ["files:read", "notes:read"])
    assert access["created_at"] == access["updated_at"]
    limited = await one.ask("PATCH", "/users/alice/scopes", auth=alice, json={"scopes": ["notes:read"]})
    assert limited.json()["scopes"] == ["notes:read"]
    granted = await one.management.kept.store.get("alice")
    assert granted
    assert granted.scopes == {"notes:read"}
    assert (await one.ask("DELETE", "/users/alice/app-password", auth=alice)).json()["success"] is True
    assert await one.product.sides.offline("alice") is None
    assert (await one.ask("GET", "/users/alice/app-password", auth=alice)).json()["has_app_password"] is False


async def test_unknown_scopes_are_refused_with_those_that_exist(one: World) -> None:
    for method, path in (("POST", "app-password"), ("PATCH", "scopes")):
        for scopes in (["notes:fly"], ["openid"]):
            refused = await one.ask(method, f"/users/alice/{path}", auth=one.basic("alice"), json={"scopes": scopes})
            assert refused.status_code == 400
            assert "notes:read" in refused.json()["valid_scopes"]
    assert await one.management.kept.store.users() == []


async def test_nobody_stores_sees_or_deletes_for_another_person(one: World) -> None:
    await one.provisioned("bob")
    for method, path in (("POST", "app-password"), ("GET", "app-password"), ("DELETE", "app-password"), ("GET", "access")):
        refused = await one.ask(method, f"/users/bob/{path}", auth=one.basic("alice"))
        assert refused.status_code == 403, (method, path)
    refused = await one.ask("PATCH", "/users/bob/scopes", auth=one.basic("alice"), json={"scopes": ["notes:read"]})
    assert refused.status_code in (403, 429)
    access = await one.management.kept.store.get("bob")
    assert access
    assert access.scopes is None


async def test_a_login_name_that_is_not_the_user_id_is_what_is_stored(one: World) -> None:
    password = one.nextcloud.sandbox.new_app_password("carol-4f2a", "Astrolabe", "carol@example.test").token
    auth = one.basic("carol-4f2a", password)
    path = "/users/carol-4f2a/app-password"
    assert (await one.ask("POST", path, auth=auth, json={"username": "carol@example.test"})).status_code == 200
    access = await one.management.kept.store.get("carol-4f2a")
    assert access
    assert access.login_name == "carol@example.test"
    assert (await one.ask("POST", path, auth=auth, json={"username": "bob"})).status_code in (401, 403)


@pytest.mark.parametrize("password", ["alice", "x" * 19, "x" * 257, "häßlich-aber-lang-genug-12345", "with blanks in the middle of it"])
async def test_what_is_no_app_password_is_not_even_tried(one: World, password: str) -> None:
    before = len(one.nextcloud.sandbox.data.app_passwords)
    for _ in range(7):
        refused = await one.ask("POST", "/users/alice/app-password", auth=one.basic("alice", password))
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_app_password")
    assert len(one.nextcloud.sandbox.data.app_passwords) == before


async def test_the_sixth_wrong_password_within_an_hour_is_too_many_for_that_person_only(one: World) -> None:
    wrong = one.basic("alice", "wrong-wrong-wrong-wrong-wrong")
    tries = [(await one.ask("GET", "/users/alice/access", auth=wrong)).status_code for _ in range(6)]
    assert tries == [401] * 5 + [429]
    refused = await one.ask("GET", "/users/alice/access", auth=one.basic("alice"))
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert (await one.ask("GET", "/users/bob/access", auth=one.basic("bob"))).status_code == 200


async def test_looking_with_the_right_password_is_never_too_often(one: World) -> None:
    assert {(await one.ask("GET", "/users/alice/access", auth=one.basic("alice"))).status_code for _ in range(8)} == {200}


async def test_storing_is_limited_also_where_it_succeeds(one: World) -> None:
    tries = [(await one.ask("POST", "/users/alice/app-password", auth=one.basic("alice"))).status_code for _ in range(6)]
    assert tries == [200] * 5 + [429]


async def test_an_app_password_that_was_deleted_at_nextcloud_proves_nothing_at_once(one: World) -> None:
    alice = one.basic("alice")
    assert (await one.ask("GET", "/users/alice/access", auth=alice)).status_code == 200
    one.nextcloud.sandbox.revoke(one.app_password("alice"))
    assert (await one.ask("GET", "/users/alice/access", auth=alice)).status_code == 401


async def test_the_apps_are_those_of_the_callers_nextcloud(one: World) -> None:
    token = await one.bearer("alice")
    assert (await one.ask("GET", "/apps", token=token)).status_code == 428
    await one.provisioned("alice")
    apps = (await one.ask("GET", "/apps", token=token)).json()["apps"]
    assert {"core", "files"} <= set(apps)


async def test_other_methods_and_paths_have_the_same_shape_of_errors(one: World) -> None:
    refused = await one.ask("PUT", "/users/alice/app-password")
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, GET, POST")
    assert set(refused.json()) == {"error", "message"}
    assert (await one.ask("GET", "/users/alice/nothing")).status_code == 404
    broken = await one.ask("PATCH", "/users/alice/scopes", auth=one.basic("alice"), content=b"{")
    assert (broken.status_code, broken.json()["error"]) == (400, "invalid_request")
    large = await one.ask("PATCH", "/users/alice/scopes", auth=one.basic("alice"), content=b" " * 70_000)
    assert large.status_code == 413


async def test_no_answer_is_kept_and_no_password_is_in_the_audit(one: World) -> None:
    await one.provisioned("alice")
    answer = await one.ask("GET", "/users/alice/access", auth=one.basic("alice"))
    assert answer.headers["cache-control"] == "no-store"
    rows = await one.management.kept.database.all("select * from audit")
    assert one.app_password("alice") not in str(rows)
    assert one.app_password("alice").encode() not in str(await one.management.kept.database.all("select * from secret")).encode()


async def test_pass_through_keeps_app_passwords_for_the_background_only(through: World) -> None:
    status = (await through.ask("GET", "/status")).json()
    assert (status["auth_mode"], status["supports_app_passwords"]) == ("multi_user_basic", True)
    assert await through.product.sides.offline("alice") is None
    await through.provisioned("alice")
    session = await through.product.sides.offline("alice")
    assert session
    assert await session.uid() == "alice"
    alice, bob = through.basic("alice"), through.basic("bob")
    told = (await through.ask("GET", "/users/alice/session", auth=alice)).json()
    assert told["background_access_granted"] is True
    assert (await through.ask("GET", "/users/alice/session", auth=bob)).status_code == 403
    assert (await through.ask("POST", "/users/alice/revoke", auth=bob)).status_code == 403
    assert (await through.ask("POST", "/users/alice/revoke", auth=alice)).status_code == 200
    assert await through.product.sides.offline("alice") is None


async def test_pass_through_without_background_has_no_management_api(tmp_path: Path) -> None:
    async with world(tmp_path, MCP_AUTH_MODE="basic") as here:
        assert (await here.ask("GET", "/status")).status_code == 404


async def test_pass_through_with_a_client_at_the_provider_remembers_who_called(tmp_path: Path) -> None:
    client = {"OIDC_CLIENT_ID": "us", "OIDC_CLIENT_SECRET": "geheim", "OIDC_DISCOVERY_URL": "http://127.0.0.1:9/x"}
    async with world(tmp_path, **PASS_THROUGH, **client) as here:
        people, base = here.management.kept.people, here.nextcloud.url
        assert await people.subjects(base) == []
        for _ in range(2):
            await here.ask("GET", "/users/alice/session", auth=here.basic("alice"))
        assert await people.subjects(base) == ["alice"]
        await here.provisioned("alice")
        session = await here.product.sides.offline("alice")
        assert session
        assert await session.uid() == "alice"
