"""Token exchange (RFC 8693): the caller's token for one that Nextcloud accepts, checked before it is used.

Tier 2, the standard exchange, keeps the subject. Tier 1, impersonation, changes it: opt-in, audited, and refused unless
the token is for exactly the person asked for. Neither ever falls back to anything else.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from nextcloud_mcp_server.auth.inbound.token_cache import digest
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified, Verifier
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenAnswer, TokenEndpoint
from nextcloud_mcp_server.auth.outbound.grants import EARLY_SECONDS, Fresh
from nextcloud_mcp_server.core.errors import CredentialRefused, NotPermitted
from nextcloud_mcp_server.storage.audit import Audit

_KEEP = 2000
_HINTS = {
    "not allowed to exchange": "At the provider, enable token exchange for this server's client "
    "(Keycloak: kcadm.sh update clients/ID -s 'attributes.\"standard.token.exchange.enabled\"=true').",
    "not within the token audience": "At the provider, tokens have to name this server's client as an audience (an audience mapper).",
    "requested audience not available": "At the provider, give this server's client an audience mapper for Nextcloud's client.",
    "requested_subject": "Start the provider with its legacy exchange (Keycloak: --features=token-exchange), or unset MCP_IMPERSONATION.",
}


class Exchange:
    """Exchanges at one provider. `for_nextcloud` proves a token of Nextcloud's `audience`, by `sub`."""

    def __init__(
        self, endpoint: TokenEndpoint, audience: str, for_nextcloud: Verifier, audit: Audit, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._endpoint = endpoint
        self._audience = audience
        self._for_nextcloud = for_nextcloud
        self._audit = audit
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], Fresh] = OrderedDict()

    async def of_caller(self, caller: Verified, scopes: Iterable[str], *, unlike: str | None = None) -> Fresh:
        """A token for the caller's own subject with these scopes. Kept in memory for this very token of the caller only.

        Raises CredentialRefused with what the administrator has to change, Unreachable, BadAnswer.
        """
        wanted = frozenset(scopes)
        key = (digest(caller.token), " ".join(sorted(wanted)))
        known = self._known.get(key)
        if known and known.expires_at - self._clock() > EARLY_SECONDS and known.token != unlike:
            return known
        answer = await self._asked(caller.token, wanted, None)
        await self._check(answer.access_token, caller.sub)
        fresh = Fresh(answer.access_token, min(answer.expires_at, caller.expires_at))
        self._known[key] = fresh
        while len(self._known) > _KEEP:
            self._known.popitem(last=False)
        return fresh

    async def of_person(self, subject: str, scopes: Iterable[str]) -> Fresh:
        """Impersonation: a token of somebody who is away, for background work that they allowed; each use is noted."""
        await self._audit.note("impersonation.asked", subject, resource=self._audience, method=self._endpoint.client.client_id)
        try:
            own = await self._endpoint.client_credentials(())
        except OAuthRefused as refused:
            raise _explained(refused) from None
        answer = await self._asked(own.access_token, frozenset(), subject)
        # The provider ignores the audience of an impersonation; a standard exchange narrows it afterwards.
        narrowed = await self._asked(answer.access_token, self._endpoint.provider.askable(scopes), None)
        await self._check(narrowed.access_token, subject)
        await self._audit.note("impersonation.used", subject, resource=self._audience, method=self._endpoint.client.client_id)
        return Fresh(narrowed.access_token, narrowed.expires_at)

    async def _asked(self, token: str, scopes: frozenset[str], requested_subject: str | None) -> TokenAnswer:
        try:
            return await self._endpoint.exchange(token, self._audience, scopes, requested_subject)
        except OAuthRefused as refused:
            raise _explained(refused) from None

    async def _check(self, token: str, subject: str) -> None:
        try:
            found = await self._for_nextcloud.verify(token)
        except Refused as refused:
            raise CredentialRefused(f"The exchanged token is not for Nextcloud: {refused}", hint="Check NEXTCLOUD_RESOURCE_URI.") from None
        if found.sub != subject:
            raise NotPermitted(
                "The exchanged token belongs to somebody else; it was thrown away.", hint="An administrator should look at it."
            )


def _explained(refused: OAuthRefused) -> CredentialRefused:
    text = refused.description.lower()
    hint = next((hint for part, hint in _HINTS.items() if part in text), "An administrator has to allow the exchange at the provider.")
    return CredentialRefused(f"The identity provider refused the token exchange ({refused.error}).", hint=hint)
