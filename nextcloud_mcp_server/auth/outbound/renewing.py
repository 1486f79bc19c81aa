"""A session whose bearer token is replaced in time, and once more when Nextcloud refuses it."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nextcloud_mcp_server.auth.outbound.grants import EARLY_SECONDS, Fresh
from nextcloud_mcp_server.core.errors import CredentialRefused
from nextcloud_mcp_server.nextcloud.answers import Answer
from nextcloud_mcp_server.nextcloud.credentials import bearer
from nextcloud_mcp_server.nextcloud.session import Session

if TYPE_CHECKING:
    import aiohttp

Source = Callable[[str | None], Awaitable[Fresh]]
"""Gives a token; with an argument, another than that one, which was refused."""


@dataclass
class RenewingSession(Session):
    """No token is shown to Nextcloud past its stated lifetime: some providers end the whole grant for that."""

    source: Source = field(kw_only=True, repr=False)
    fresh: Fresh = field(kw_only=True)

    async def request(self, method: str, path: str, *, what: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        await self._in_time()
        try:
            return await super().request(method, path, what=what, headers=headers, **more)
        except CredentialRefused:
            # A refused request was not carried out, so it may be sent again whatever it does.
            await self._replace(self.fresh.token)
            return await super().request(method, path, what=what, headers=headers, **more)

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, *, what: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> "AsyncGenerator[aiohttp.ClientResponse]":
        await self._in_time()
        async with super().stream(method, path, what=what, headers=headers, **more) as response:
            yield response

    async def _in_time(self) -> None:
        if self.fresh.expires_at - time.time() < EARLY_SECONDS:
            await self._replace(None)

    async def _replace(self, refused: str | None) -> None:
        self.fresh = await self.source(refused)
        self.credential = bearer(self.fresh.token)


async def renewing(session: Session, source: Source) -> RenewingSession:
    """A session like `session` with the tokens of `source`."""
    fresh = await source(None)
    credential = bearer(fresh.token)
    return RenewingSession(session.transport, credential, session.cache, session.user_id, session.policy, source=source, fresh=fresh)
