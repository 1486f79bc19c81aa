"""One account's app password from the settings, for whoever is calling."""

from dataclasses import dataclass

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.nextcloud.session import Session


@dataclass(frozen=True)
class OneAccount:
    """The session of the one account; background work is allowed for that account's user id."""

    account: Session

    async def session(self, caller: Caller) -> Session:
        return self.account

    async def offline(self, user: str) -> Session | None:
        return self.account if user == await self.account.uid() else None
