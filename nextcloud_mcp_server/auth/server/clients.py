"""Who may ask people to sign in here: static clients, clients that registered themselves (RFC 7591), and client id metadata documents."""

import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

from nextcloud_mcp_server.auth.inbound.token_cache import digest
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.server.metadata_documents import MetadataDocuments, shown_name
from nextcloud_mcp_server.auth.server.redirects import unacceptable
from nextcloud_mcp_server.storage.database import Database, Row

UNUSED_SECONDS = 30 * 86_400.0
_METHODS = frozenset({"none", "client_secret_basic", "client_secret_post"})


@dataclass(frozen=True)
class Client:
    """A client. `host` is shown to people: that of the id where it is an address, else of the first redirect URI."""

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    auth_method: str = "none"
    secret_hash: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.client_id).hostname or (urlsplit(self.redirect_uris[0]).hostname if self.redirect_uris else None) or ""

    def proves(self, secret: str | None) -> bool:
        """Whether a secret is this client's; a public client has none and shows none."""
        if self.auth_method == "none":
            return not secret
        return secret is not None and hmac.compare_digest(digest(secret), self.secret_hash)


def static_clients(entries: Sequence[str], default_redirect: str | None = None) -> dict[str, Client]:
    """The clients of `ALLOWED_MCP_CLIENTS`: `id|redirect_uri`, several entries for several addresses.

    An id without an address may use loopback only. Raises ValueError for an address that is not acceptable.
    """
    found: dict[str, Client] = {}
    for entry in entries:
        client_id, _, uri = (part.strip() for part in entry.partition("|"))
        uris = (uri,) if uri else ((default_redirect,) if default_redirect else ("http://127.0.0.1/callback", "http://localhost/callback"))
        if not client_id or any(unacceptable(each) for each in uris):
            raise ValueError(f"ALLOWED_MCP_CLIENTS: {entry!r} is not `id` or `id|redirect_uri` with an https or loopback address.")
        known = found.get(client_id)
        found[client_id] = replace(known, redirect_uris=(*known.redirect_uris, *uris)) if known else Client(client_id, client_id, uris)
    return found


class Clients:
    """All clients. `documents` None switches client id metadata documents off."""

    def __init__(
        self,
        database: Database,
        static: Mapping[str, Client],
        documents: MetadataDocuments | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._static = static
        self._documents = documents
        self._clock = clock

    @property
    def by_document(self) -> bool:
        """Whether client id metadata documents are accepted."""
        return self._documents is not None

    async def find(self, client_id: str) -> Client | None:
        """The client, or None. Raises OAuthRefused for a metadata document that cannot be used."""
        if known := self._static.get(client_id):
            return known
        if client_id.startswith("https://") and self._documents:
            name, uris = await self._documents.read(client_id)
            return Client(client_id, name, uris)
        sql = "select * from oauth_client where client_id = ? and (expires_at is null or expires_at > ?)"
        row = await self._database.one(sql, client_id, self._clock())
        return _client(row) if row else None

    async def register(self, asked: Mapping[str, Any]) -> tuple[Client, str | None, float]:
        """Registers a client (RFC 7591 2): it, its secret where it is confidential, and when it expires unused.

        Raises OAuthRefused with the errors of RFC 7591 3.2.2.
        """
        client, secret = _asked_for(asked)
        now = self._clock()
        expires_at = now + UNUSED_SECONDS
        sql = """
            insert into oauth_client (client_id, name, redirect_uris, auth_method, secret_hash, created_at, expires_at)
            values (?, ?, ?, ?, ?, ?, ?)
        """
        uris = orjson.dumps(client.redirect_uris).decode()
        await self._database.run(sql, client.client_id, client.name, uris, client.auth_method, client.secret_hash, now, expires_at)
        return client, secret, expires_at

    async def used(self, client_id: str) -> None:
        """A client that signs somebody in lives on."""
        await self._database.run("update oauth_client set expires_at = ? where client_id = ?", self._clock() + UNUSED_SECONDS, client_id)

    async def prune(self) -> int:
        """Forgets clients that were not used for thirty days; their number."""
        return await self._database.run("delete from oauth_client where expires_at <= ?", self._clock())


def _asked_for(asked: Mapping[str, Any]) -> tuple[Client, str | None]:
    uris = _texts(asked.get("redirect_uris"))
    if not uris or len(uris) > 20:
        raise OAuthRefused("invalid_redirect_uri", "redirect_uris holds one to twenty addresses.")
    for uri in uris:
        if why := unacceptable(uri):
            raise OAuthRefused("invalid_redirect_uri", why)
    method = asked.get("token_endpoint_auth_method", "client_secret_basic")
    if not isinstance(method, str) or method not in _METHODS:
        raise OAuthRefused("invalid_client_metadata", f"token_endpoint_auth_method is one of {', '.join(sorted(_METHODS))}.")
    for name, only in ("grant_types", {"authorization_code", "refresh_token"}), ("response_types", {"code"}):
        if name in asked and not set(_texts(asked[name])) & only:
            raise OAuthRefused("invalid_client_metadata", f"{name} is {' and '.join(sorted(only))}.")
    secret = None if method == "none" else secrets.token_urlsafe(32)
    name = shown_name(asked.get("client_name"))
    return Client(secrets.token_urlsafe(24), name, uris, method, digest(secret) if secret else ""), secret


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in cast("list[object]", value) if isinstance(item, str)) if isinstance(value, list) else ()


def _client(row: Row) -> Client:
    return Client(row["client_id"], row["name"], tuple(orjson.loads(row["redirect_uris"])), row["auth_method"], row["secret_hash"])
