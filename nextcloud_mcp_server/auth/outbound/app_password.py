"""One account's app password from the settings, for whoever is calling."""

import logging
from dataclasses import dataclass

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import CredentialRefused, NextcloudError
from nextcloud_mcp_server.nextcloud.session import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OneAccount:
    """The session of the one account; background work is allowed for that account's user id."""

    account: Session

    async def session(self, caller: Caller) -> Session:
        return self.account

    async def offline(self, user: str) -> Session | None:
        return self.account if user == await self.account.uid() else None

    async def try_once(self) -> None:
        """Tells the administrator at once of a credential that does not open the account."""
        try:
            await self.account.person()
        except CredentialRefused as refused:
            log.error("NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD do not open an account: %s %s", refused.message, refused.hint)
        except NextcloudError as error:
            log.warning("%s Calls will fail until it answers.", error.message)
