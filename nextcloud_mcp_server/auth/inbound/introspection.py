"""Opaque access tokens: the provider is asked (RFC 7662), and has to tell audience and scopes."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nextcloud_mcp_server.auth.inbound.claims import Expected, accept
from nextcloud_mcp_server.auth.inbound.verified import MissingClaim, Refused, Verified, Verifier
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.core.errors import BadAnswer, Unreachable

MAX_CHARACTERS = 4096


class IntrospectionVerifier:
    """Asks `provider` about a token, as the client `client`. `clock` gives epoch seconds."""

    def __init__(
        self, expected: Expected, provider: Provider, client: ClientSecret, http: OidcHttp, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._expected = expected
        self._provider = provider
        self._client = client
        self._http = http
        self._clock = clock

    async def verify(self, token: str) -> Verified:
        if not token.isascii() or not token.isprintable() or len(token) > MAX_CHARACTERS:
            raise Refused("This is not an access token.")
        told = await self._ask(token)
        if told.get("active") is not True:
            raise Refused("The token is not active.")
        kind = told.get("token_type")
        if kind is not None and (not isinstance(kind, str) or kind.lower() != "bearer"):
            raise Refused("A token of this type is not an access token.")
        if not isinstance(told.get("scope", told.get("scp")), str | list):
            raise Refused("The provider does not tell the token's scopes.")
        claims = {"iss": self._expected.issuer, **told}
        return accept(self._expected, claims, token, self._clock(), proven_access=kind is not None)

    async def _ask(self, token: str) -> dict[str, Any]:
        headers, form = self._client.authenticate(self._provider.introspection_auth_methods)
        asked = {"token": token, "token_type_hint": "access_token", **form}
        try:
            return await self._http.post(self._provider.introspection_endpoint, asked, headers=headers)
        except OAuthRefused as refused:
            raise Unreachable(
                f"The identity provider does not answer about tokens ({refused.status}).",
                retry_after=10.0,
                hint="Check the client id and secret of this server at the provider.",
            ) from None
        except BadAnswer as bad:
            raise Unreachable(bad.message, retry_after=10.0) from None


class WithUserinfo:
    """Another verifier; a subject claim that its proven token lacks is taken from userinfo (OpenID Connect Core 5.3)."""

    def __init__(self, verifier: Verifier, provider: Provider, claim: str, http: OidcHttp) -> None:
        self._verifier = verifier
        self._provider = provider
        self._claim = claim
        self._http = http

    async def verify(self, token: str) -> Verified:
        try:
            return await self._verifier.verify(token)
        except MissingClaim as missing:
            if not self._provider.userinfo_endpoint:
                raise
            return await self._add(missing.verified)

    async def _add(self, verified: Verified) -> Verified:
        headers = {"Authorization": f"Bearer {verified.token}"}
        try:
            told = await self._http.get(self._provider.userinfo_endpoint, headers=headers)
        except OAuthRefused:
            raise Refused("The identity provider's userinfo refuses the token.") from None
        subject = told.get(self._claim)
        if told.get("sub") != verified.subject:
            raise Refused("Userinfo speaks of somebody else.")
        if not isinstance(subject, str) or not subject:
            raise Refused(f"Neither token nor userinfo has the claim {self._claim!r} (NEXTCLOUD_OIDC_USER_CLAIM).")
        return replace(verified, subject=subject)
