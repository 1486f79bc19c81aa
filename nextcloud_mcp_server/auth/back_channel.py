"""Where a provider tells that somebody signed out there (OpenID Connect Back-Channel Logout 1.0, section 2.5)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc import logout_tokens
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.logout_tokens import LogoutToken
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.auth.server.token_endpoints import form_of
from nextcloud_mcp_server.auth.server.tokens import Tokens
from nextcloud_mcp_server.auth.signed_out import SignedOut
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.storage.errors import Conflict

PATH = "/oauth/backchannel-logout"
_HEADERS = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class BackChannelLogout:
    """One provider's way to this server, which is its `client`: what it tells of the id that the client had before is refused."""

    issuer: str
    client: ClientSecret
    jwks: Jwks
    signed_out: SignedOut
    grants: Grants
    tokens: Tokens
    clock: Callable[[], float] = time.time

    async def logout(self, http: Request) -> Response:
        """POST: 200 when the session is over here too, 400 for everything else, as section 2.8 has it."""
        try:
            token = (await form_of(http)).get("logout_token", "")
            client_id = self.client.client_id
            told = await logout_tokens.verify(token, self.jwks, issuer=self.issuer, client_id=client_id, now=self.clock())
            await self._end(told)
        except (OAuthRefused, Refused, NextcloudError) as error:
            description = error.message if isinstance(error, NextcloudError) else str(error)
            return JSONResponse({"error": "invalid_request", "error_description": description}, 400, _HEADERS)
        return Response(headers=_HEADERS)

    async def _end(self, told: LogoutToken) -> None:
        if await self.signed_out.knows(told):
            raise Refused("The logout token was used before.")
        for family in await self.grants.sign_out(told.issuer, told.sid, told.sub):
            await self.tokens.end(family, "oauth.signed_out")
        try:
            await self.signed_out.note(told)
        except Conflict:
            raise Refused("The logout token was used before.") from None

    def routes(self) -> list[Route]:
        return [Route(PATH, self.logout, methods=["POST"])]
