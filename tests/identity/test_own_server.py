"""A whole sign-in at a stock Nextcloud: client, our page, Login Flow v2, code, tokens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from anyio.to_thread import run_sync

from nextcloud_mcp_server.auth.server.login_flow_gate import LoginFlowGate
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.storage import Database
from nextcloud_sandbox.server import Running, running
from tests.identity.own_server import State, application, forms, grant_at_nextcloud, login_link, nextcloud_at, serving, sessions, state
from tests.providers.person import Person, Pkce, authorization

CB = "http://127.0.0.1:3333/cb"


@dataclass
class World:
    """A Nextcloud, this server in front of it, and the way to it."""

    nextcloud: Running
    own: State
    transport: Transport
    database: Database

    def ask(self, pkce: Pkce, **more: str) -> str:
        given = {"client_id": "desk", "scope": "openid notes:read", "resource": self.own.resource, **more}
        return authorization(f"{self.own.issuer}/oauth/authorize", pkce, **given)

    def post(self, path: str, form: dict[str, str], **more: Any) -> httpx2.Response:
        return httpx2.post(f"{self.own.issuer}/oauth/{path}", data=form, **more)

    def redeem(self, code: str, pkce: Pkce, /, **more: str) -> httpx2.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CB, "code_verifier": pkce.verifier, "client_id": "desk"}
        return self.post("token", {**form, **more})

    def sign_in(self, user: str, pkce: Pkce, person: Person | None = None, **more: str) -> dict[str, str]:
        """Consent, then access granted at Nextcloud in the same browser; what the client's address is called with."""
        person = person or Person(user)
        page = person.open(self.ask(pkce, **more))
        if answered := person.answer(page):
            return answered
        page = person.submit(page, approve="yes")
        if answered := person.answer(page):
            return answered
        grant_at_nextcloud(login_link(page.text), user, user)
        answered = person.answer(person.open(str(page.url)))
        assert answered is not None
        return answered


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running(seed=False) as nextcloud:
        for user in ("alice", "bob"):
            nextcloud.sandbox.users[user].password = user
        own, transport = state(database), nextcloud_at(nextcloud.url)
        await own.events.start()
        gate = LoginFlowGate(own.issuer, transport, sessions(transport), own.people, own.store)
        async with serving(application(own, gate), own.issuer):
            yield World(nextcloud, own, transport, database)
        await transport.aclose()


async def test_a_person_signs_in_and_the_client_gets_tokens_for_what_was_approved(world: World) -> None:
    pkce = Pkce()
    answered = await run_sync(world.sign_in, "alice", pkce)
    assert (answered["state"], answered["iss"]) == ("s", world.own.issuer)
    tokens = (await run_sync(world.redeem, answered["code"], pkce)).json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 600, "notes:read openid")
    found = await world.own.tokens.find(tokens["access_token"], world.own.resource)
    assert (found.issuer, found.subject) == (world.own.issuer, "alice")
    access = await world.own.store.get("alice")
    assert access
    assert access.scopes == {"notes:read"}
    credential = await world.own.store.credential("alice", "test")
    assert credential
    assert await sessions(world.transport)(credential).uid() == "alice"


async def test_the_page_names_client_host_target_and_scopes_and_warns_about_loopback(world: World) -> None:
    page = await run_sync(Person("alice").open, world.ask(Pkce(), scope="openid notes:read notes:write"))
    for text in ("desk", "http://127.0.0.1:3333", "Read, create, change and delete", "notes", "your own computer"):
        assert text in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self';" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert "script" not in page.text
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert flag in cookie


async def test_declining_tells_the_client_and_leaves_nothing(world: World) -> None:
    person = Person("alice")
    page = await run_sync(person.open, world.ask(Pkce()))
    answered = person.answer(await run_sync(lambda: person.submit(page, cancel="yes")))
    assert answered
    assert (answered["error"], answered["iss"], answered["state"]) == ("access_denied", world.own.issuer, "s")
    assert await world.database.all("select kind from secret") == []


async def test_another_browser_cannot_approve_or_finish(world: World) -> None:
    victim, thief = Person("alice"), Person("mallory")
    page = await run_sync(victim.open, world.ask(Pkce()))
    refused = await run_sync(lambda: thief.submit(page, approve="yes"))
    assert refused.status_code == 403
    waiting = await run_sync(lambda: victim.submit(page, approve="yes"))
    await run_sync(grant_at_nextcloud, login_link(waiting.text), "alice", "alice")
    assert (await run_sync(thief.open, str(waiting.url))).status_code == 403
    assert await world.own.store.get("alice") is None
    finished = await run_sync(victim.open, str(waiting.url))
    assert "code" in (victim.answer(finished) or {})


async def test_a_form_without_its_token_or_sent_twice_is_refused(world: World) -> None:
    person = Person("alice")
    page = await run_sync(person.open, world.ask(Pkce()))
    assert (await run_sync(lambda: person.submit(page, approve="yes", csrf="x"))).status_code == 403
    assert (await run_sync(lambda: person.submit(page, approve="yes", csrf=""))).status_code == 403
    await run_sync(lambda: person.submit(page, approve="yes"))
    again = await run_sync(lambda: person.submit(page, approve="yes"))
    assert again.status_code == 400


async def test_a_finished_sign_in_cannot_be_finished_again(world: World) -> None:
    person, pkce = Person("alice"), Pkce()
    page = await run_sync(person.open, world.ask(pkce))
    waiting = await run_sync(lambda: person.submit(page, approve="yes"))
    await run_sync(grant_at_nextcloud, login_link(waiting.text), "alice", "alice")
    assert person.answer(await run_sync(person.open, str(waiting.url)))
    assert (await run_sync(person.open, str(waiting.url))).status_code == 400


async def test_a_second_client_needs_the_consent_only_and_a_remembered_one_nothing(world: World) -> None:
    person, pkce = Person("alice"), Pkce()
    await run_sync(world.sign_in, "alice", pkce, person)
    asked = {"client_name": "Second", "redirect_uris": [CB], "token_endpoint_auth_method": "none"}
    second = (await run_sync(lambda: httpx2.post(f"{world.own.issuer}/oauth/register", json=asked))).json()["client_id"]
    page = await run_sync(person.open, world.ask(pkce, client_id=second))
    assert "Second" in page.text
    answered = person.answer(await run_sync(lambda: person.submit(page, approve="yes")))
    assert answered
    assert "code" in answered
    again = person.answer(await run_sync(person.open, world.ask(pkce, client_id=second)))
    assert again
    assert "code" in again
    asked_again = await run_sync(person.open, world.ask(pkce, client_id=second, prompt="consent"))
    assert "Second" in asked_again.text
    more = await run_sync(person.open, world.ask(pkce, client_id=second, scope="notes:read notes:write"))
    assert "Second" in more.text


async def test_more_than_was_granted_asks_nextcloud_again_and_the_old_password_stays_until_then(world: World) -> None:
    person, pkce = Person("alice"), Pkce()
    await run_sync(world.sign_in, "alice", pkce, person)
    old = await world.own.store.credential("alice", "test")
    page = await run_sync(person.open, world.ask(pkce, scope="files:read"))
    waiting = await run_sync(lambda: person.submit(page, approve="yes"))
    assert "Open Nextcloud" in waiting.text
    assert await world.own.store.credential("alice", "test") == old
    await run_sync(grant_at_nextcloud, login_link(waiting.text), "alice", "alice")
    assert person.answer(await run_sync(person.open, str(waiting.url)))
    access = await world.own.store.get("alice")
    assert access
    assert access.scopes == {"notes:read", "files:read"}
    assert len([p for p in world.nextcloud.sandbox.data.app_passwords.values() if p.user == "alice"]) == 1
    assert await world.own.store.credential("alice", "test") != old


async def test_two_people_at_once_get_their_own(world: World) -> None:
    pkce = Pkce()
    for user in ("alice", "bob"):
        answered = await run_sync(world.sign_in, user, pkce)
        tokens = (await run_sync(world.redeem, answered["code"], pkce)).json()
        assert (await world.own.tokens.find(tokens["access_token"], world.own.resource)).subject == user


async def test_a_second_replica_finishes_what_the_first_began(world: World, database_address: str) -> None:
    from nextcloud_mcp_server.storage import open_database

    person, pkce = Person("alice"), Pkce()
    page = await run_sync(person.open, world.ask(pkce))
    waiting = await run_sync(lambda: person.submit(page, approve="yes"))
    await run_sync(grant_at_nextcloud, login_link(waiting.text), "alice", "alice")
    elsewhere = open_database(database_address)
    await elsewhere.open()
    own = state(elsewhere)
    gate = LoginFlowGate(world.own.issuer, world.transport, sessions(world.transport), own.people, own.store)
    async with serving(application(own, gate), own.issuer):
        finished = await run_sync(person.open, str(waiting.url).replace(world.own.issuer, own.issuer))
        answered = person.answer(finished)
        assert answered
        form = {"grant_type": "authorization_code", "code": answered["code"], "redirect_uri": CB, "code_verifier": pkce.verifier}
        token = await run_sync(lambda: httpx2.post(f"{world.own.issuer}/oauth/token", data={**form, "client_id": "desk"}))
    assert token.status_code == 200
    await elsewhere.close()


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x" * 42}, "invalid_request"),
        ({"scope": "unknown:read"}, "invalid_scope"),
        ({"resource": "https://evil.example/mcp"}, "invalid_target"),
        ({"request": "x"}, "request_not_supported"),
    ],
)
async def test_a_wrong_request_is_told_to_the_client_with_the_issuer(world: World, more: dict[str, str], error: str) -> None:
    person = Person("alice")
    answered = person.answer(await run_sync(person.open, world.ask(Pkce(), **more)))
    assert answered
    assert (answered["error"], answered["state"], answered["iss"]) == (error, "s", world.own.issuer)


@pytest.mark.parametrize(
    "more",
    [{"client_id": "unknown"}, {"client_id": ""}, {"redirect_uri": "https://evil.example/cb"}, {"redirect_uri": "http://127.0.0.1:3333/other"},
     {"redirect_uri": ""}],
)  # fmt: skip
async def test_a_wrong_client_or_address_is_told_to_the_person_and_never_redirected(world: World, more: dict[str, str]) -> None:
    page = await run_sync(Person("alice", stop=()).open, world.ask(Pkce(), **more))
    assert page.status_code == 400
    assert "location" not in page.headers
    twice = await run_sync(Person("alice", stop=()).open, world.ask(Pkce()) + "&client_id=desk")
    assert twice.status_code == 400


async def test_a_client_name_cannot_inject_markup(world: World) -> None:
    asked = {"client_name": "<script>alert(1)</script>", "redirect_uris": [CB], "token_endpoint_auth_method": "none"}
    made = (await run_sync(lambda: httpx2.post(f"{world.own.issuer}/oauth/register", json=asked))).json()["client_id"]
    page = await run_sync(Person("alice").open, world.ask(Pkce(), client_id=made))
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert len(forms(page.text)) == 1


async def test_while_nextcloud_does_not_answer_the_person_is_told(world: World) -> None:
    world.transport.address = nextcloud_at("http://127.0.0.1:1").address
    person = Person("alice")
    page = await run_sync(person.open, world.ask(Pkce()))
    told = await run_sync(lambda: person.submit(page, approve="yes"))
    assert told.status_code == 503
    assert "cannot be reached" in told.text


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"code_verifier": ""}, 400, "invalid_request"),
        ({"code_verifier": "x" * 43}, 400, "invalid_grant"),
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:3334/cb"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
    ],
)
async def test_a_wrong_token_request_is_an_oauth_error(world: World, change: dict[str, str], status: int, error: str) -> None:
    pkce = Pkce()
    answered = await run_sync(world.sign_in, "alice", pkce)
    refused = await run_sync(lambda: world.redeem(answered["code"], pkce, **change))
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert refused.headers["cache-control"] == "no-store"


async def test_a_code_is_not_a_refresh_token_and_refreshing_rotates(world: World) -> None:
    pkce = Pkce()
    answered = await run_sync(world.sign_in, "alice", pkce)
    wrong = {"grant_type": "refresh_token", "refresh_token": answered["code"], "client_id": "desk"}
    assert (await run_sync(world.post, "token", wrong)).json()["error"] == "invalid_grant"
    tokens = (await run_sync(world.redeem, answered["code"], pkce)).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "desk", "scope": "notes:read"}
    rotated = (await run_sync(world.post, "token", form)).json()
    assert rotated["scope"] == "notes:read"
    assert (await run_sync(world.post, "token", form)).json()["error"] == "invalid_grant"
    assert (await run_sync(world.post, "token", {**form, "refresh_token": rotated["refresh_token"]})).json()["error"] == "invalid_grant"


async def test_revocation_ends_both_tokens_and_never_tells_whether_there_was_one(world: World) -> None:
    from nextcloud_mcp_server.auth.inbound.verified import Refused

    pkce = Pkce()
    answered = await run_sync(world.sign_in, "alice", pkce)
    tokens = (await run_sync(world.redeem, answered["code"], pkce)).json()
    for token in ("unknown", tokens["refresh_token"], tokens["refresh_token"]):
        assert (await run_sync(world.post, "revoke", {"token": token, "client_id": "desk"})).status_code == 200
    with pytest.raises(Refused):
        await world.own.tokens.find(tokens["access_token"], world.own.resource)
    assert (await run_sync(world.post, "revoke", {"token": "x", "client_id": "nobody"})).status_code == 401


async def test_metadata_advertises_what_there_is(world: World) -> None:
    told = (await run_sync(httpx2.get, f"{world.own.issuer}/.well-known/oauth-authorization-server")).json()
    assert told["issuer"] == world.own.issuer
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert "offline_access" not in told["scopes_supported"]


async def test_registration_is_limited(world: World) -> None:
    asked = {"redirect_uris": [CB], "token_endpoint_auth_method": "none"}

    def register() -> int:
        return httpx2.post(f"{world.own.issuer}/oauth/register", json=asked).status_code

    assert [await run_sync(register) for _ in range(21)] == [201] * 20 + [429]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"7", b"x" * 70_000, b'{"redirect_uris": {"a": 1}}'])
async def test_a_malformed_registration_is_an_error_of_the_client(world: World, body: bytes) -> None:
    told = await run_sync(lambda: httpx2.post(f"{world.own.issuer}/oauth/register", content=body))
    assert 400 <= told.status_code < 500


async def test_no_secret_is_in_the_database_in_the_clear_or_in_the_audit(world: World) -> None:
    pkce = Pkce()
    answered = await run_sync(world.sign_in, "alice", pkce)
    tokens = (await run_sync(world.redeem, answered["code"], pkce)).json()
    password = next(iter(world.nextcloud.sandbox.data.app_passwords))
    stored = ""
    for table in ("secret", "audit", "oauth_token", "oauth_family", "oauth_client", "oauth_consent", "access", "person", "event", "rate"):
        for row in await world.database.all(f"select * from {table}"):
            stored += str([bytes(value) if isinstance(value, memoryview) else value for value in row.values()])
    for secret in (password, answered["code"], tokens["access_token"], tokens["refresh_token"], pkce.verifier, "desk-secret"):
        assert secret not in stored
    assert {entry.event for entry in await world.own.audit.read(user="alice")} >= {"secret.stored"}
