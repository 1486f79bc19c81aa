"""App passwords that are in nobody's use: not yet, or no longer. They are deleted at Nextcloud, and kept until that has succeeded.

Nextcloud gives the password of a sign-in once. Whatever fails after that must not leave it there, unknown to everybody.
"""

import logging
import time
from collections.abc import Callable

from nextcloud_mcp_server.auth.inbound.token_cache import digest
from nextcloud_mcp_server.nextcloud import login_flow
from nextcloud_mcp_server.nextcloud.credentials import basic
from nextcloud_mcp_server.nextcloud.login_flow import Granted
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.storage.database import Queries
from nextcloud_mcp_server.storage.vault import Vault

KIND = "unused-app-password"
AGAIN_SECONDS = 1200.0
GIVE_UP_SECONDS = 30 * 86_400.0

log = logging.getLogger(__name__)


class Leftovers:
    """`clock` gives epoch seconds."""

    def __init__(self, vault: Vault, transport: Transport, *, clock: Callable[[], float] = time.time) -> None:
        self._vault = vault
        self._transport = transport
        self._clock = clock

    async def hold(self, sign_in: str, granted: Granted, until: float) -> None:
        """What a sign-in just brought, before anything can fail; deleted after `until` (epoch seconds) unless it is settled."""
        await self._put(digest(sign_in), granted, until)

    async def held(self, sign_in: str) -> Granted | None:
        """What a sign-in brought before."""
        secret = await self._vault.find(KIND, digest(sign_in))
        return Granted(secret.value["login"], secret.value["password"]) if secret else None

    async def settle(self, sign_in: str, on: Queries | None = None) -> None:
        """It is in use, or gone."""
        await self._vault.remove(KIND, digest(sign_in), on=on)

    async def delete(self, granted: Granted) -> None:
        """Deletes one at Nextcloud, now or, where that fails, later."""
        credential = basic(granted.login_name, granted.password)
        if problem := await login_flow.delete_app_password(self._transport, credential):
            log.warning("An app password that is not used is deleted later: %s", problem)
            await self._put(digest(granted.password), granted, self._clock() + AGAIN_SECONDS)

    async def retry(self) -> int:
        """Deletes those whose time has come; how many are gone. What cannot be deleted for a month is named and given up."""
        gone = 0
        for key in await self._vault.keys(KIND):
            secret = await self._vault.find(KIND, key)
            if secret is None or secret.value["until"] > self._clock():
                continue
            granted = Granted(secret.value["login"], secret.value["password"])
            problem = await login_flow.delete_app_password(self._transport, basic(granted.login_name, granted.password))
            if problem and self._clock() - secret.created_at < GIVE_UP_SECONDS:
                await self._put(key, granted, self._clock() + AGAIN_SECONDS)
                continue
            if problem:
                log.error("An unused app password of %s stays at Nextcloud; delete it there: %s", granted.login_name, problem)
            await self._vault.remove(KIND, key, method="given up" if problem else "deleted at Nextcloud")
            gone += not problem
        return gone

    async def _put(self, key: str, granted: Granted, until: float) -> None:
        value = {"login": granted.login_name, "password": granted.password, "until": until}
        await self._vault.put(KIND, key, value, user=granted.login_name)
