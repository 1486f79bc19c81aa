"""The person who started the process: over stdio, from the same machine, or with the static bearer token."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from nextcloud_mcp_server.auth.ports import Unauthorized
from nextcloud_mcp_server.core.caller import OWNER, Caller


@dataclass(frozen=True)
class ProcessOwner:
    """Everybody who can reach the process is its owner; with a `token`, everybody who shows it."""

    token: str | None = field(default=None, repr=False)

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        if self.token is not None:
            scheme, _, shown = headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(), self.token.encode()):
                raise Unauthorized("This server asks for its bearer token (MCP_BEARER_TOKEN).", 'Bearer realm="nextcloud-mcp-server"')
        return OWNER
