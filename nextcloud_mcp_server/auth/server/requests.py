"""An authorization request (OAuth 2.1 section 4.1.1), read and checked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.urls import same
from nextcloud_mcp_server.auth.scopes import canonical
from nextcloud_mcp_server.auth.server.clients import Client
from nextcloud_mcp_server.auth.server.redirects import matches

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_ONCE = ("client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method", "prompt")


class NotToClient(Exception):
    """The request cannot be answered at its redirect URI: the person is told on a page of this server."""


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that is in order; `state` is the client's own and given back unchanged."""

    client_id: str
    client_name: str
    client_host: str
    redirect_uri: str
    state: str | None
    challenge: str
    resource: str
    scopes: tuple[str, ...]
    always_ask: bool = False

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def restored(value: Mapping[str, Any]) -> "AuthorizationRequest":
        given: dict[str, Any] = {**value, "scopes": tuple(value["scopes"])}
        return AuthorizationRequest(**given)


def single(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name; one that comes twice is an error (RFC 6749 3.1), except `resource` (RFC 8707 2)."""
    found: dict[str, str] = {}
    for name, value in parameters:
        if name in found and name in _ONCE:
            raise NotToClient(f"The parameter {name} comes twice.")
        if name == "resource" and name in found and not same(found[name], value):
            value = " "
        found[name] = value
    return found


def answer_to(given: Mapping[str, str], client: Client) -> str:
    """The redirect URI that may be answered. Raises NotToClient."""
    uri = given.get("redirect_uri", client.redirect_uris[0] if len(client.redirect_uris) == 1 else "")
    if not matches(client.redirect_uris, uri):
        raise NotToClient("The address to return to is not one that this client registered.")
    return uri


def checked(given: Mapping[str, str], client: Client, uri: str, *, resource: str, scopes: frozenset[str]) -> AuthorizationRequest:
    """The request for `resource`, whose scopes are `scopes`. Raises OAuthRefused, to be answered at `uri`."""
    if given.get("response_type") != "code":
        raise OAuthRefused("unsupported_response_type", "response_type is code.")
    if not _CHALLENGE.fullmatch(given.get("code_challenge", "")) or given.get("code_challenge_method") != "S256":
        raise OAuthRefused("invalid_request", "PKCE is required: code_challenge with code_challenge_method S256.")
    if "resource" in given and not same(given["resource"], resource):
        raise OAuthRefused("invalid_target", f"The resource of this server is {resource}.")
    if "request" in given or "request_uri" in given:
        raise OAuthRefused("request_not_supported" if "request" in given else "request_uri_not_supported")
    return AuthorizationRequest(
        client_id=client.client_id,
        client_name=client.name,
        client_host=client.host,
        redirect_uri=uri,
        state=given.get("state"),
        challenge=given["code_challenge"],
        resource=resource,
        scopes=tuple(sorted(_scopes(given.get("scope"), scopes))),
        always_ask="consent" in given.get("prompt", "").split(),
    )


def _scopes(asked: str | None, known: frozenset[str]) -> frozenset[str]:
    """What was asked for and exists; without a scope everything. `offline_access` is this server's to ask, not the client's."""
    if not asked or not asked.strip():
        return known
    found = frozenset(map(canonical, asked.split())) & known
    if not found:
        raise OAuthRefused("invalid_scope", "None of the scopes asked for exists here.")
    return found
