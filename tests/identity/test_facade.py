"""Signing in at two real providers through this server: registration, consent, the provider's own pages, our tokens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import jwt
import pytest
from anyio.to_thread import run_sync

from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.discovery import discover
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint
from nextcloud_mcp_server.auth.outbound.grants import Grants, NeedsConsent
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from nextcloud_mcp_server.auth.server.provider_gate import ProviderGate
from nextcloud_mcp_server.storage import Database
from tests.identity.own_server import State, application, serving, state
from tests.providers.keycloak import CLIENT, SECRET
from tests.providers.node_provider import NEXTCLOUD
from tests.providers.person import Person, Pkce, authorization, forms

CB, ELSEWHERE = "http://127.0.0.1:3333/cb", "http://127.0.0.1:3333/elsewhere"


@dataclass
class Facade:
    """This server in front of a provider."""

    own: State
    grants: Grants
    kind: str

    def ask(self, pkce: Pkce, client: str, **more: str) -> str:
        given = {"client_id": client, "scope": "openid notes:read notes:write", "resource": self.own.resource, **more}
        return authorization(f"{self.own.issuer}/oauth/authorize", pkce, **given)

    def register(self) -> str:
        asked = {"client_name": "Hosted", "redirect_uris": [CB, ELSEWHERE], "token_endpoint_auth_method": "none"}
        return httpx2.post(f"{self.own.issuer}/oauth/register", json=asked).json()["client_id"]

    def sign_in(self, user: str, pkce: Pkce, *, offline: bool = False, person: Person | None = None) -> dict[str, str]:
        person = person or Person(user)
        page = person.open(self.ask(pkce, self.register()))
        page = person.submit(page, approve="yes", **({"offline": "yes"} if offline else {}))
        if answered := person.answer(page):
            return answered
        page = person.submit(page, username=user, password=user)
        answered = person.answer(page)
        assert answered, page.text
        return answered

    def tokens(self, user: str, *, offline: bool = False) -> dict[str, str]:
        pkce, person = Pkce(), Person(user)
        page = person.open(self.ask(pkce, client := self.register()))
        page = person.submit(page, approve="yes", **({"offline": "yes"} if offline else {}))
        answered = person.answer(page) or person.answer(person.submit(page, username=user, password=user))
        assert answered
        form = {"grant_type": "authorization_code", "code": answered["code"], "redirect_uri": CB, "code_verifier": pkce.verifier}
        return {**httpx2.post(f"{self.own.issuer}/oauth/token", data={**form, "client_id": client}).json(), "client_id": client}


@pytest.fixture(params=["keycloak", "node_provider"])
async def facade(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Facade]:
    provider_here = request.getfixturevalue(request.param)
    own, http = state(database), OidcHttp()
    await own.events.start()
    provider = await discover(http, provider_here.discovery_url)
    resource = NEXTCLOUD if request.param == "node_provider" else "nextcloud"
    endpoint = TokenEndpoint(provider, ClientSecret(CLIENT, SECRET), http)
    grants = Grants(database, own.vault, own.audit, own.events, endpoint, resource=resource)
    gate = ProviderGate(
        endpoint, Jwks(http, provider.jwks_uri), http, grants, f"{own.issuer}/oauth/callback", user_claim="preferred_username"
        if request.param == "keycloak" else "sub", resource=resource,
    )  # fmt: skip
    async with serving(application(own, gate), own.issuer):
        yield Facade(own, grants, request.param)
    await http.aclose()


@pytest.mark.parametrize(("user", "granted"), [("alice", {"notes:read", "notes:write"}), ("reader", {"notes:read"}), ("nobody", set())])
async def test_the_client_gets_our_token_with_what_the_provider_grants(facade: Facade, user: str, granted: set[str]) -> None:
    told = await run_sync(lambda: facade.tokens(user))
    found = await facade.own.tokens.find(told["access_token"], facade.own.resource)
    assert (found.subject, found.scopes) == (user, {"openid", *granted})
    assert "." not in told["access_token"]
    (grant,) = await facade.grants.of(found.issuer, user)
    assert (grant.id, grant.offline, grant.state) == (found.session, False, "active")


async def test_the_providers_token_stays_here_and_is_for_nextcloud(facade: Facade) -> None:
    told = await run_sync(lambda: facade.tokens("alice", offline=True))
    found = await facade.own.tokens.find(told["access_token"], facade.own.resource)
    assert found.session
    grant = await facade.grants.find(found.session)
    assert grant
    assert grant.offline
    token = await facade.grants.access_token(grant.id, {"openid", "offline_access", "notes:read"})
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == NEXTCLOUD if facade.kind == "node_provider" else "nextcloud" in claims["aud"]
    assert "notes:write" not in claims["scope"].split()
    assert token not in str(told)
    assert await facade.grants.access_token(grant.id, {"openid", "offline_access", "notes:read"}) == token
    again = await facade.grants.access_token(grant.id, {"openid", "offline_access", "notes:read"}, unlike=token)
    assert again != token


async def test_a_session_grant_ends_with_its_session_and_an_offline_one_stays(facade: Facade) -> None:
    session, offline = await run_sync(lambda: facade.tokens("alice")), await run_sync(lambda: facade.tokens("alice", offline=True))
    assert await facade.grants.sweep() == 0
    for told in (session, offline):
        form = {"token": told["refresh_token"], "client_id": told["client_id"]}
        await run_sync(lambda form=form: httpx2.post(f"{facade.own.issuer}/oauth/revoke", data=form))
    assert await facade.grants.sweep() == 1
    (left,) = await facade.grants.offline()
    assert left.offline
    await facade.grants.access_token(left.id, left.scopes, unlike="")


async def test_a_removed_grant_is_revoked_at_the_provider_too(facade: Facade) -> None:
    await run_sync(lambda: facade.tokens("bob", offline=True))
    (grant,) = await facade.grants.offline()
    secret = await facade.own.vault.get("provider-grant", grant.id)
    assert secret
    assert await facade.grants.remove(grant.id)
    with pytest.raises(NeedsConsent):
        await facade.grants.access_token(grant.id, grant.scopes)
    with pytest.raises(Exception, match="invalid_grant"):
        await facade.grants._endpoint.refresh(secret.value["refresh_token"], grant.scopes, None)


async def test_the_callback_of_another_browser_or_with_a_foreign_code_signs_nobody_in(facade: Facade) -> None:
    pkce, alice, thief = Pkce(), Person("alice", stop=(f"{facade.own.issuer}/oauth/callback",)), Person("bob")
    page = await run_sync(lambda: alice.open(facade.ask(pkce, facade.register())))
    page = await run_sync(lambda: alice.submit(page, approve="yes"))
    if "location" not in page.headers:
        page = await run_sync(lambda: alice.submit(page, username="alice", password="alice"))
    callback = page.headers["location"]
    assert (await run_sync(lambda: thief.open(callback))).status_code == 403
    wrong = callback.replace("code=", "code=x")
    alice.stop = ("http://127.0.0.1:3333/",)
    answered = alice.answer(await run_sync(lambda: alice.open(wrong)))
    assert answered
    assert (answered["error"], answered["iss"]) == ("server_error", facade.own.issuer)
    assert (await run_sync(lambda: alice.open(callback))).status_code == 400
    assert await facade.grants.of("x", "alice") == []


async def test_an_answer_of_another_provider_is_refused(facade: Facade) -> None:
    alice = Person("alice", stop=(f"{facade.own.issuer}/oauth/callback",))
    page = await run_sync(lambda: alice.open(facade.ask(Pkce(), facade.register())))
    page = await run_sync(lambda: alice.submit(page, approve="yes"))
    if "location" not in page.headers:
        page = await run_sync(lambda: alice.submit(page, username="alice", password="alice"))
    mixed = page.headers["location"].replace("iss=http", "iss=https")
    alice.stop = ("http://127.0.0.1:3333/",)
    answered = alice.answer(await run_sync(lambda: alice.open(mixed)))
    assert answered
    assert answered["error"] == "server_error"


async def test_the_providers_own_tokens_are_not_accepted(facade: Facade) -> None:
    await run_sync(lambda: facade.tokens("alice", offline=True))
    (grant,) = await facade.grants.offline()
    token = await facade.grants.access_token(grant.id, grant.scopes)
    with pytest.raises(Refused):
        await facade.own.tokens.find(token, facade.own.resource)


async def test_a_hundred_renewals_at_once_spend_each_refresh_token_once(facade: Facade, database_address: str) -> None:
    import anyio

    from nextcloud_mcp_server.storage import open_database
    from tests.identity.own_server import state as another

    await run_sync(lambda: facade.tokens("alice", offline=True))
    (grant,) = await facade.grants.offline()
    elsewhere = open_database(database_address)
    await elsewhere.open()
    second = another(elsewhere)
    other = Grants(elsewhere, second.vault, second.audit, second.events, facade.grants._endpoint, resource=facade.grants._resource)
    spent = list[str]()
    original = facade.grants._endpoint.refresh

    async def counted(token: str, *more: object) -> object:
        spent.append(token)
        return await original(token, *more)  # type: ignore[arg-type]

    facade.grants._endpoint.refresh = counted  # type: ignore[method-assign,assignment]
    first = await facade.grants.access_token(grant.id, grant.scopes)
    tokens = set[str]()

    async def renew(number: int) -> None:
        tokens.add(await (facade.grants if number % 2 else other).access_token(grant.id, grant.scopes, unlike=first))

    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(renew, number)
    assert len(tokens) == 1
    assert len(spent) == len(set(spent)) <= 2
    for _ in range(5):
        await facade.grants.renew(grant, grant.scopes)
    assert len(spent) == len(set(spent))
    found = await facade.grants.find(grant.id)
    assert found
    assert found.state == "active"
    await elsewhere.close()


# An approval that is remembered: never used here, because the way to the provider shows our page first


READS = "openid notes:read"
AGAIN: dict[str, dict[str, Any]] = {
    "the very same": {},
    "fewer scopes": {"scope": "openid"},
    "more scopes": {"scope": "openid notes:read notes:write"},
    "another address": {"redirect_uri": ELSEWHERE},
    "another client": {"registers": True},
    "another browser": {"person": "alice"},
    "another person in the same browser": {"person": "bob", "keeps_cookie": True},
}


@pytest.mark.parametrize("facade", ["node_provider"], indirect=True)
@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
async def test_whoever_signs_in_sees_our_page_whatever_was_approved_before(facade: Facade, again: dict[str, Any]) -> None:
    client, alice = await run_sync(facade.register), Person("alice")
    page = await run_sync(lambda: alice.open(facade.ask(Pkce(), client, scope=READS)))
    assert alice.answer(await run_sync(lambda: alice.submit(page, approve="yes")))
    (approved,) = await facade.own.database.all("select * from oauth_consent")
    assert (approved["subject"], approved["client_id"], approved["scopes"]) == ("alice", client, "notes:read openid")

    person = Person(again["person"]) if "person" in again else alice
    if again.get("keeps_cookie"):
        (cookie,) = [cookie for cookie in alice.http.cookies.jar if cookie.name == BROWSER_COOKIE]
        person.http.cookies.jar.set_cookie(cookie)
    client = await run_sync(facade.register) if again.get("registers") else client
    uri = again.get("redirect_uri", CB)
    pkce = Pkce()
    page = await run_sync(lambda: person.http.get(facade.ask(pkce, client, scope=again.get("scope", READS), redirect_uri=uri)))
    assert (page.status_code, page.headers.get("location")) == (200, None)
    assert forms(page.text)[0].action == f"{facade.own.issuer}/oauth/consent"
    answered = person.answer(await run_sync(lambda: person.submit(page, approve="yes")))
    assert answered
    form = {"grant_type": "authorization_code", "code": answered["code"], "code_verifier": pkce.verifier, "redirect_uri": uri}
    told = (await run_sync(lambda: httpx2.post(f"{facade.own.issuer}/oauth/token", data={**form, "client_id": client}))).json()
    assert (await facade.own.tokens.find(told["access_token"], facade.own.resource)).subject == person.name
