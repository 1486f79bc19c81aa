"""The caller's own Basic credentials, for that request only; background work by what they left in the vault."""

from dataclasses import dataclass, field
from typing import Protocol

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import CredentialRefused
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import Credential
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from nextcloud_mcp_server.nextcloud.transport import Transport


class Background(Protocol):
    """What people left so that work goes on while they are away."""

    async def offline(self, user: str) -> Session | None: ...


@dataclass(frozen=True)
class CallersOwn:
    """`background` None: nobody's work goes on while they are away."""

    transport: Transport
    cache: Cache
    background: Background | None = None
    policy: Policy = field(default_factory=Policy)

    async def session(self, caller: Caller) -> Session:
        if not isinstance(caller.credential, Credential):
            raise CredentialRefused("The request carries no credentials for Nextcloud.")
        return Session(self.transport, caller.credential, self.cache, caller.subject, self.policy)

    async def offline(self, user: str) -> Session | None:
        return await self.background.offline(user) if self.background else None
