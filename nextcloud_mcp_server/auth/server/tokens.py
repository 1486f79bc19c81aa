"""Codes, access tokens and refresh tokens that this server issues: random texts, stored as hashes, bound to what they were asked for.

Everything that comes from one sign-in is a family. A code or refresh token used twice ends its family (RFC 6749 4.1.2,
OAuth 2.1 section 4.3.1), because one of the two users stole it.
"""

import base64
import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nextcloud_mcp_server.auth.inbound.token_cache import TOPIC_SESSION
from nextcloud_mcp_server.auth.inbound.token_cache import digest as hashed
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.urls import same
from nextcloud_mcp_server.storage.audit import Audit
from nextcloud_mcp_server.storage.database import Database, Queries, Row
from nextcloud_mcp_server.storage.events import Events

CODE_SECONDS = 60.0
ACCESS_SECONDS = 600.0
REFRESH_SECONDS = 30 * 86_400.0
_SPEND = """
    update oauth_token set used_at = ? where hash = ? and used_at is null
    and exists (select 1 from oauth_family f where f.id = oauth_token.family and f.revoked_at is null)
"""


@dataclass(frozen=True)
class Asked:
    """What a person approved: the client, where it is answered, and what it may do."""

    client_id: str
    redirect_uri: str
    challenge: str = field(repr=False)
    resource: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Issued:
    """The answer of the token endpoint."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    scopes: frozenset[str]
    family: str
    expires_in: int = int(ACCESS_SECONDS)


class Tokens:
    """All tokens. `clock` gives epoch seconds."""

    def __init__(self, database: Database, events: Events, audit: Audit, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._clock = clock

    async def code(self, asked: Asked, issuer: str, subject: str, family: str | None = None) -> str:
        """A new family and its authorization code."""
        family, code, now = family or uuid.uuid4().hex, secrets.token_urlsafe(32), self._clock()
        async with self._database.transaction() as transaction:
            sql = "insert into oauth_family (id, issuer, subject, client_id, created_at) values (?, ?, ?, ?, ?)"
            await transaction.run(sql, family, issuer, subject, asked.client_id, now)
            await self._put(transaction, "code", code, family, asked, now + CODE_SECONDS)
        return code

    async def redeem(self, code: str, client_id: str, redirect_uri: str | None, verifier: str, resource: str | None) -> Issued:
        """The tokens of a code, which is spent even where this fails. Raises OAuthRefused (`invalid_grant`, `invalid_target`)."""
        row = await self._found("code", code, client_id)
        asked, problem = _asked(row), None
        if asked.redirect_uri != redirect_uri:
            problem = OAuthRefused("invalid_grant", "redirect_uri is not the one of the authorization request.")
        elif not fits(verifier, asked.challenge):
            problem = OAuthRefused("invalid_grant", "code_verifier does not fit the challenge.")
        else:
            problem = _other_resource(asked, resource)
        return await self._exchange(row, asked.scopes, problem)

    async def refresh(self, token: str, client_id: str, scopes: frozenset[str] | None, resource: str | None) -> Issued:
        """New tokens for a refresh token, which is spent; `scopes` narrows the access token. Raises OAuthRefused."""
        row = await self._found("refresh", token, client_id)
        asked = _asked(row)
        if problem := _other_resource(asked, resource):
            raise problem
        if scopes is not None and not scopes <= asked.scopes:
            raise OAuthRefused("invalid_scope", "More was asked for than the person approved.")
        return await self._exchange(row, asked.scopes if scopes is None else scopes, None)

    async def revoke(self, token: str, client_id: str) -> str | None:
        """Ends the family of an access or refresh token of this client (RFC 7009); the family, or None."""
        row = await self._database.one("select * from oauth_token where hash = ? and kind <> 'code'", hashed(token))
        if row is None or row["client_id"] != client_id:
            return None
        await self.end(row["family"], "oauth.revoked")
        return row["family"]

    async def end(self, family: str, event: str) -> None:
        """Ends everything that came from one sign-in, on every replica."""
        async with self._database.transaction() as transaction:
            sql = "update oauth_family set revoked_at = ? where id = ? and revoked_at is null returning subject, client_id"
            row = await transaction.one(sql, self._clock(), family)
            if row is None:
                return
            await self._audit.note(event, row["subject"], resource=row["client_id"], on=transaction)
            await self._events.publish(TOPIC_SESSION, family, on=transaction)
        await self._events.poll()

    async def find(self, token: str, resource: str) -> Verified:
        """What an access token is for. Raises Refused."""
        sql = """
            select t.*, f.issuer, f.subject from oauth_token t join oauth_family f on f.id = t.family
            where t.hash = ? and t.kind = 'access' and f.revoked_at is null
        """
        row = await self._database.one(sql, hashed(token))
        if row is None:
            raise Refused("This server did not issue the token, or it was revoked.")
        if row["expires_at"] <= self._clock():
            raise Refused("The token has expired.")
        if not same(row["resource"], resource):
            raise Refused(f"The audience has to be {resource}; the token's is {row['resource']}.")
        scopes, audience = frozenset(row["scopes"].split()), (row["resource"],)
        return Verified(
            row["issuer"], row["subject"], scopes, row["client_id"], audience, row["expires_at"], token, row["family"], row["subject"]
        )

    async def prune(self) -> int:
        """Forgets what expired a day ago, and families that have nothing left; the number of tokens."""
        before = self._clock() - 86_400
        count = await self._database.run("delete from oauth_token where expires_at < ?", before)
        sql = "delete from oauth_family where created_at < ? and not exists (select 1 from oauth_token t where t.family = oauth_family.id)"
        await self._database.run(sql, before)
        return count

    async def _found(self, kind: str, value: str, client_id: str) -> Row:
        row = await self._database.one("select * from oauth_token where hash = ? and kind = ?", hashed(value), kind)
        if row is None or row["client_id"] != client_id:
            raise OAuthRefused("invalid_grant", "It is unknown, or another client's.")
        return row

    async def _exchange(self, row: Row, scopes: frozenset[str], problem: OAuthRefused | None) -> Issued:
        """Spends a code or refresh token and issues new ones, both or neither. Of all who try at once one succeeds."""
        now, asked, family = self._clock(), _asked(row), row["family"]
        if row["expires_at"] <= now:
            problem = OAuthRefused("invalid_grant", "It has expired.")
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        async with self._database.transaction() as transaction:
            spent = await transaction.run(_SPEND, now, row["hash"]) == 1
            if spent and problem is None:
                await self._put(transaction, "access", access, family, replace(asked, scopes=scopes), now + ACCESS_SECONDS)
                await self._put(transaction, "refresh", refresh, family, asked, now + REFRESH_SECONDS)
        if not spent:
            await self.end(family, "oauth.reused")
            raise OAuthRefused("invalid_grant", "It was used before, or revoked.")
        if problem:
            raise problem
        return Issued(access, refresh, scopes, family)

    async def _put(self, on: Queries, kind: str, value: str, family: str, asked: Asked, expires_at: float) -> None:
        sql = """
            insert into oauth_token (hash, kind, family, client_id, redirect_uri, challenge, resource, scopes, created_at, expires_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
        scopes = " ".join(sorted(asked.scopes))
        place = (asked.client_id, asked.redirect_uri, asked.challenge if kind == "code" else "", asked.resource, scopes)
        await on.run(sql, hashed(value), kind, family, *place, self._clock(), expires_at)


class OwnVerifier:
    """Access tokens of this server, for the inbound side."""

    def __init__(self, tokens: Tokens, resource: str) -> None:
        self._tokens = tokens
        self._resource = resource

    async def verify(self, token: str) -> Verified:
        return await self._tokens.find(token, self._resource)


def fits(verifier: str, challenge: str) -> bool:
    """Whether a PKCE verifier fits its S256 challenge (RFC 7636 4.6)."""
    if not 43 <= len(verifier) <= 128 or not verifier.isascii():
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, challenge)


def _other_resource(asked: Asked, resource: str | None) -> OAuthRefused | None:
    if resource is None or same(resource, asked.resource):
        return None
    return OAuthRefused("invalid_target", "resource is not the one that was approved.")


def _asked(row: Row) -> Asked:
    return Asked(row["client_id"], row["redirect_uri"], row["challenge"], row["resource"], frozenset(row["scopes"].split()))
