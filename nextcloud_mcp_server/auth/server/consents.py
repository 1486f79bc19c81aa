"""What people approved, by person, client, redirect URI and scopes."""

import time
from collections.abc import Callable

from nextcloud_mcp_server.auth.server.redirects import remembered_as
from nextcloud_mcp_server.auth.server.requests import AuthorizationRequest
from nextcloud_mcp_server.auth.server.sign_ins import Browser
from nextcloud_mcp_server.storage.database import Database


class Consents:
    """Remembered approvals."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def covers(self, who: Browser, request: AuthorizationRequest) -> bool:
        """Whether this person approved this client, at this address, for all of these scopes before."""
        sql = "select scopes from oauth_consent where issuer = ? and subject = ? and client_id = ? and redirect_uri = ?"
        row = await self._database.one(sql, who.issuer, who.subject, request.client_id, remembered_as(request.redirect_uri))
        return row is not None and set(request.scopes) <= set(row["scopes"].split())

    async def remember(self, who: Browser, request: AuthorizationRequest) -> None:
        sql = """
            insert into oauth_consent (issuer, subject, client_id, redirect_uri, scopes, created_at) values (?, ?, ?, ?, ?, ?)
            on conflict (issuer, subject, client_id, redirect_uri)
            do update set scopes = excluded.scopes, created_at = excluded.created_at
        """
        place = (who.issuer, who.subject, request.client_id, remembered_as(request.redirect_uri))
        await self._database.run(sql, *place, " ".join(request.scopes), self._clock())

    async def forget(self, issuer: str, subject: str) -> None:
        """Forgets everything that a person approved."""
        await self._database.run("delete from oauth_consent where issuer = ? and subject = ?", issuer, subject)
