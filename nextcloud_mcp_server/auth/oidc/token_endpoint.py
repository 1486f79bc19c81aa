"""What this server asks of a provider's token endpoint: codes, refreshes, exchanges (RFC 6749, RFC 8693), and revocation (RFC 7009)."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from nextcloud_mcp_server.auth.oidc.discovery import EXCHANGE, Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.scopes import parse
from nextcloud_mcp_server.core.errors import BadAnswer

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a type
_UNKNOWN_AT_NEXTCLOUD = "Could not find access token for code or refresh_token."
"""What Nextcloud's own provider says of a code or refresh token that was spent, revoked or never there."""
UNTOLD_SECONDS = 300.0
UNTOLD_REFRESH_SECONDS = 90 * 86_400.0


@dataclass(frozen=True)
class TokenAnswer:
    """Tokens of a provider. Times are epoch seconds; `scopes` None means that the provider told none."""

    access_token: str = field(repr=False)
    expires_at: float
    refresh_token: str | None = field(default=None, repr=False)
    refresh_expires_at: float | None = None
    id_token: str | None = field(default=None, repr=False)
    scopes: frozenset[str] | None = None


class TokenEndpoint:
    """The endpoint of one provider, as one client. All calls raise OAuthRefused, Unreachable or BadAnswer."""

    def __init__(self, provider: Provider, client: ClientSecret, http: OidcHttp, *, clock: Callable[[], float] = time.time) -> None:
        self.provider = provider
        self.client = client
        self._http = http
        self._clock = clock

    async def code(self, code: str, redirect_uri: str, verifier: str, resource: str | None) -> TokenAnswer:
        """The tokens of an authorization code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        return await self._ask({**form, **_resource(resource)})

    async def refresh(self, token: str, scopes: Iterable[str], resource: str | None) -> TokenAnswer:
        """New tokens; the old refresh token is spent where the provider rotates."""
        form = {"grant_type": "refresh_token", "refresh_token": token, **_scope(scopes)}
        return await self._ask({**form, **_resource(resource)})

    async def exchange(self, subject_token: str, audience: str, scopes: Iterable[str], requested_subject: str | None = None) -> TokenAnswer:
        """The caller's token exchanged for one that `audience` accepts; with `requested_subject`, for one of that person."""
        form = {"grant_type": EXCHANGE, "subject_token": subject_token, "subject_token_type": ACCESS_TOKEN, **_scope(scopes)}
        if requested_subject is not None:
            return await self._ask({**form, "requested_subject": requested_subject})
        target = _resource(audience) or {"audience": audience}
        return await self._ask({**form, "requested_token_type": ACCESS_TOKEN, **target})

    async def client_credentials(self, scopes: Iterable[str]) -> TokenAnswer:
        """A token of this server itself; never used for anybody's data."""
        return await self._ask({"grant_type": "client_credentials", **_scope(scopes)})

    async def revoke(self, token: str, hint: str = "refresh_token") -> None:
        """Does nothing where the provider has no revocation."""
        if not self.provider.revocation_endpoint:
            return
        headers, form = self.client.authenticate(self.provider.auth_methods)
        try:
            await self._http.post(self.provider.revocation_endpoint, {"token": token, "token_type_hint": hint, **form}, headers=headers)
        except BadAnswer:
            return

    async def _ask(self, form: dict[str, str]) -> TokenAnswer:
        headers, proof = self.client.authenticate(self.provider.auth_methods)
        now = self._clock()
        told = await self._http.post(self.provider.token_endpoint, {**form, **proof}, headers=headers)
        access, refresh, identity = told.get("access_token"), told.get("refresh_token"), told.get("id_token")
        kind = told.get("token_type", "Bearer")
        if not isinstance(access, str) or not access or not isinstance(kind, str) or kind.lower() not in ("bearer", "n_a"):
            raise BadAnswer("The identity provider's answer holds no bearer token.")
        return TokenAnswer(
            access_token=access,
            expires_at=now + _seconds(told, "expires_in", UNTOLD_SECONDS),
            refresh_token=refresh if isinstance(refresh, str) and refresh else None,
            refresh_expires_at=now + self._refresh_seconds(told),
            id_token=identity if isinstance(identity, str) else None,
            scopes=parse(told["scope"]) if isinstance(told.get("scope"), str | list) else None,
        )

    def _refresh_seconds(self, told: dict[str, Any]) -> float:
        """At Nextcloud's own provider 0 means that the refresh token ends with the access token; at others that it does not end."""
        if self.provider.is_nextclouds and told.get("refresh_expires_in") == 0:
            return _seconds(told, "expires_in", UNTOLD_SECONDS)
        return _seconds(told, "refresh_expires_in", UNTOLD_REFRESH_SECONDS)


def refused_for_good(refused: OAuthRefused) -> bool:
    """Whether a refresh token is no longer good, as opposed to a mistake in this server's own settings."""
    return refused.error == "invalid_grant" or (refused.error, refused.description) == ("invalid_request", _UNKNOWN_AT_NEXTCLOUD)


def _seconds(told: dict[str, Any], name: str, untold: float) -> float:
    """A lifetime; 0 and nonsense count as untold (Keycloak's offline tokens say `refresh_expires_in` 0 and do not expire)."""
    value = told.get(name)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else untold


def _scope(scopes: Iterable[str]) -> dict[str, str]:
    text = " ".join(sorted(scopes))
    return {"scope": text} if text else {}


def _resource(audience: str | None) -> dict[str, str]:
    """A resource indicator (RFC 8707) where the audience is an address; a bare name is none."""
    return {"resource": audience} if audience and "://" in audience else {}
