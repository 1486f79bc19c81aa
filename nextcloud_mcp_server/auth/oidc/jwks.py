"""A provider's signing keys (RFC 7517): cached, fetched again for an unknown key id, but not at everybody's wish."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import jwt

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.core.errors import BadAnswer, Unreachable

FRESH_SECONDS = 3600.0
UNKNOWN_KEY_SECONDS = 15.0


class Jwks:
    """The keys behind one `jwks_uri`. `clock` is monotonic."""

    def __init__(self, http: OidcHttp, uri: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._uri = uri
        self._clock = clock
        self._keys: list[jwt.PyJWK] = []
        self._fetched: float | None = None
        self._tried: float | None = None
        self._fetching = asyncio.Lock()

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key a token names, None where the provider has no such key. Raises Unreachable while there are no keys at all."""
        if self._stale():
            await self._fetch()
        found = self._find(kid, algorithm)
        if found is None and self._may_ask_again():
            await self._fetch()
            found = self._find(kid, algorithm)
        return found

    def _stale(self) -> bool:
        now = self._clock()
        if self._fetched is None:
            return self._tried is None or now - self._tried >= 1.0
        return now - self._fetched > FRESH_SECONDS and self._may_ask_again()

    def _may_ask_again(self) -> bool:
        return self._tried is None or self._clock() - self._tried >= UNKNOWN_KEY_SECONDS

    def _find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        if self._fetched is None:
            raise Unreachable("The identity provider's keys cannot be fetched.", retry_after=10.0)
        fitting = [key for key in self._keys if kid is None or key.key_id == kid]
        usable = [key for key in fitting if _fits(key, algorithm)]
        return usable[0] if len(usable) == 1 or (usable and kid is not None) else None

    async def _fetch(self) -> None:
        asked = self._tried
        async with self._fetching:
            if self._tried != asked:
                return
            self._tried = self._clock()
            try:
                document = await self._http.get(self._uri)
            except (Unreachable, BadAnswer, OAuthRefused):
                # Keys that were good go on being good; without any, `_find` says that they cannot be fetched.
                return
            self._keys = _signing_keys(document)
            self._fetched = self._clock()


def _signing_keys(document: dict[str, Any]) -> list[jwt.PyJWK]:
    entries = document.get("keys")
    found: list[jwt.PyJWK] = []
    for entry in cast("list[object]", entries) if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("kty") == "oct":  # type: ignore[reportUnknownMemberType]
            continue
        try:
            found.append(jwt.PyJWK(cast("dict[str, Any]", entry)))
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
    return found


def _fits(key: jwt.PyJWK, algorithm: str) -> bool:
    """A key serves the algorithms of its family: RS and PS for RSA, the one of its curve for EC, EdDSA for OKP."""
    if key.key_type == "RSA":
        return algorithm[:2] in ("RS", "PS")
    return key.algorithm_name == algorithm
