"""Bearer tokens of two real, unrelated providers."""

import time
import uuid
from collections.abc import AsyncIterator

import pytest

from nextcloud_mcp_server.auth.inbound.bearer import ByForm
from nextcloud_mcp_server.auth.inbound.claims import Expected
from nextcloud_mcp_server.auth.inbound.introspection import IntrospectionVerifier, WithUserinfo
from nextcloud_mcp_server.auth.inbound.jwt_tokens import JwtVerifier
from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.discovery import discover
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from tests.providers.keycloak import CLIENT, SECRET, Keycloak
from tests.providers.node_provider import NEXTCLOUD, RESOURCE, NodeProvider


@pytest.fixture
async def http() -> AsyncIterator[OidcHttp]:
    opened = OidcHttp()
    yield opened
    await opened.aclose()


async def keycloak_verifier(keycloak: Keycloak, http: OidcHttp, *, claim: str = "sub", later: float = 0.0) -> ByForm:
    provider = await discover(http, keycloak.discovery_url)
    expected = Expected(provider.issuer, keycloak.resource, ClientSecret(CLIENT), claim)
    jwts = JwtVerifier(expected, Jwks(http, provider.jwks_uri), clock=lambda: time.time() + later)
    return ByForm(jwts, None)


async def node_verifier(node: NodeProvider, http: OidcHttp, claim: str = "sub") -> WithUserinfo:
    provider = await discover(http, node.discovery_url)
    client = ClientSecret(CLIENT, SECRET)
    asked = IntrospectionVerifier(Expected(provider.issuer, RESOURCE, client, claim), provider, client, http)
    return WithUserinfo(asked, provider, claim, http)


@pytest.mark.parametrize(
    ("user", "granted"),
    [("alice", {"notes:read", "notes:write"}), ("reader", {"notes:read"}), ("writer", {"notes:write"}), ("nobody", set())],
)
async def test_keycloak_tokens_tell_what_a_person_may(keycloak: Keycloak, http: OidcHttp, user: str, granted: set[str]) -> None:
    token = keycloak.tokens(user, "openid notes:read notes:write")["access_token"]
    found = await (await keycloak_verifier(keycloak, http, claim="preferred_username")).verify(token)
    assert (found.subject, found.client_id) == (user, CLIENT)
    assert {scope for scope in found.scopes if ":" in scope} == granted


async def test_keycloak_id_and_refresh_tokens_are_refused(keycloak: Keycloak, http: OidcHttp) -> None:
    given = keycloak.tokens("alice", "openid offline_access")
    check = await keycloak_verifier(keycloak, http)
    await check.verify(given["access_token"])
    for name in ("id_token", "refresh_token"):
        with pytest.raises(Refused):
            await check.verify(given[name])


async def test_keycloak_expired_tokens_are_refused(keycloak: Keycloak, http: OidcHttp) -> None:
    token = keycloak.tokens("alice")["access_token"]
    with pytest.raises(Refused, match="expired"):
        await (await keycloak_verifier(keycloak, http, later=400)).verify(token)


@pytest.mark.parametrize("audience", [None, "somebody-else"])
async def test_another_clients_token_without_our_audience_is_refused(keycloak: Keycloak, http: OidcHttp, audience: str | None) -> None:
    client = f"other-{uuid.uuid4().hex[:8]}"
    mapper = {"name": "aud", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper"}
    config = {"included.custom.audience": audience, "access.token.claim": "true"}
    sub = {"name": "sub", "protocol": "openid-connect", "protocolMapper": "oidc-sub-mapper", "config": {"access.token.claim": "true"}}
    made = {"clientId": client, "publicClient": True, "redirectUris": ["http://127.0.0.1/*"], "fullScopeAllowed": False}
    mappers = [sub, {**mapper, "config": config}] if audience else [sub]
    keycloak.admin("POST", "/clients", {**made, "defaultClientScopes": [], "protocolMappers": mappers})
    internal = keycloak.admin("GET", f"/clients?clientId={client}").json()[0]
    for scope in keycloak.admin("GET", f"/clients/{internal['id']}/default-client-scopes").json():
        keycloak.admin("DELETE", f"/clients/{internal['id']}/default-client-scopes/{scope['id']}")
    token = keycloak.tokens("alice", client=client, secret=None)["access_token"]
    with pytest.raises(Refused, match=f"audience has to be {keycloak.resource}.*{audience or 'none'}"):
        await (await keycloak_verifier(keycloak, http)).verify(token)


async def test_a_token_of_another_realm_is_refused(keycloak: Keycloak, http: OidcHttp) -> None:
    name = f"other-{uuid.uuid4().hex[:8]}"
    person = {"username": "alice", "enabled": True, "email": "a@x.example", "firstName": "A", "lastName": "A", "emailVerified": True}
    credentials = [{"type": "password", "value": "alice"}]
    client = {"clientId": CLIENT, "secret": SECRET, "redirectUris": ["http://127.0.0.1/*"]}
    realm = {"realm": name, "enabled": True, "users": [{**person, "credentials": credentials}], "clients": [client]}
    keycloak.admin("POST", "", realm)
    token = Keycloak(keycloak.base, keycloak.resource, name).tokens("alice")["access_token"]
    with pytest.raises(Refused, match="key that the provider does not have"):
        await (await keycloak_verifier(keycloak, http)).verify(token)


async def test_a_service_accounts_token_is_refused(node_provider: NodeProvider, http: OidcHttp) -> None:
    asked = {"grant_type": "client_credentials", "resource": RESOURCE, "scope": "notes:read"}
    token = node_provider.token(asked).json()["access_token"]
    with pytest.raises(Refused, match=r"not to a person|no claim .sub."):
        await (await node_verifier(node_provider, http)).verify(token)


@pytest.mark.parametrize(("user", "granted"), [("alice", {"notes:read", "notes:write"}), ("writer", {"notes:write"}), ("nobody", set())])
async def test_opaque_tokens_tell_what_a_person_may(node_provider: NodeProvider, http: OidcHttp, user: str, granted: set[str]) -> None:
    given = node_provider.tokens(user, "openid profile offline_access notes:read notes:write")
    check = await node_verifier(node_provider, http)
    found = await check.verify(given["access_token"])
    assert found.subject == user
    assert {scope for scope in found.scopes if ":" in scope} == granted
    with pytest.raises(Refused):
        await check.verify(given["refresh_token"])


async def test_a_revoked_opaque_token_is_refused(node_provider: NodeProvider, http: OidcHttp) -> None:
    import httpx2

    token = node_provider.tokens("bob", "openid notes:read")["access_token"]
    check = await node_verifier(node_provider, http)
    await check.verify(token)
    httpx2.post(f"{node_provider.issuer}/token/revocation", data={"token": token}, auth=(CLIENT, SECRET)).raise_for_status()
    with pytest.raises(Refused, match="not active"):
        await check.verify(token)


async def test_a_token_for_nextcloud_is_not_for_us(node_provider: NodeProvider, http: OidcHttp) -> None:
    token = node_provider.tokens("alice", "openid notes:read", resource=NEXTCLOUD)["access_token"]
    provider = await discover(http, node_provider.discovery_url)
    check = JwtVerifier(Expected(provider.issuer, RESOURCE, ClientSecret(CLIENT)), Jwks(http, provider.jwks_uri))
    with pytest.raises(Refused, match="audience"):
        await check.verify(token)
