"""Client id metadata documents: the client's id is the https address of a document about it.

Source: draft-ietf-oauth-client-id-metadata-document. The address comes from a stranger, so it is fetched from public
addresses only, without redirects, in five seconds, up to five kilobytes, and never through a proxy or with cookies.
"""

import ipaddress
import socket
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import orjson

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.server.redirects import unacceptable

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

MAX_BYTES = 5 * 1024
SECONDS = 5.0
KEEP_SECONDS = 600.0
_KEEP = 1000
_NOT_FETCHED = "The client's document cannot be fetched: its host has to be public and answer with JSON within five seconds."


class MetadataDocuments:
    """Fetches documents and keeps them for ten minutes. `resolver` and `verify` are for tests."""

    def __init__(
        self, *, resolver: "AbstractResolver | None" = None, verify: Any = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver = resolver
        self._verify = verify
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, str, tuple[str, ...]]] = OrderedDict()

    async def read(self, client_id: str) -> tuple[str, tuple[str, ...]]:
        """Name and redirect URIs. Raises OAuthRefused (`invalid_client`) with what is wrong."""
        known = self._known.get(client_id)
        if known and self._clock() - known[0] < KEEP_SECONDS:
            return known[1], known[2]
        acceptable_id(client_id)
        name, uris = checked(client_id, await self._fetch(client_id))
        self._known[client_id] = (self._clock(), name, uris)
        while len(self._known) > _KEEP:
            self._known.popitem(last=False)
        return name, uris

    async def _fetch(self, url: str) -> object:
        import aiohttp

        connector = aiohttp.TCPConnector(
            resolver=self._resolver or _public_resolver(), ssl=self._verify, use_dns_cache=False, force_close=True
        )
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as client,
                client.get(url, allow_redirects=False, headers={"Accept": "application/json"}) as response,
            ):
                if response.status != 200:
                    raise OAuthRefused("invalid_client", f"The client's document answers {response.status}.")
                body = await response.content.read(MAX_BYTES + 1)
                if len(body) > MAX_BYTES or (not response.content.at_eof() and await response.content.read(1)):
                    raise OAuthRefused("invalid_client", "The client's document is larger than five kilobytes.")
                return orjson.loads(body)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            # One text for all: which inner names and addresses there are is nobody's business.
            raise OAuthRefused("invalid_client", _NOT_FETCHED) from None


def acceptable_id(client_id: str) -> None:
    """Raises OAuthRefused unless the id is https with a path, and without dot segments, fragment, user or literal address."""
    parts = urlsplit(client_id)
    plain = client_id.isascii() and client_id.isprintable() and " " not in client_id and len(client_id) <= 500
    path_ok = len(parts.path) > 1 and not {".", ".."} & set(parts.path.split("/"))
    if not plain or parts.scheme != "https" or not path_ok or "#" in client_id or "@" in parts.netloc or not parts.hostname:
        raise OAuthRefused("invalid_client", "A client id that is an address is https, has a path, and no fragment or user name.")
    if _literal(parts.hostname):
        raise OAuthRefused("invalid_client", "The host of a client id is a name, not an address.")


def checked(client_id: str, document: object) -> tuple[str, tuple[str, ...]]:
    """Name and redirect URIs of a document. Raises OAuthRefused for one that is not about this id or has a secret."""
    found = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    if found.get("client_id") != client_id:
        raise OAuthRefused("invalid_client", "The client's document is about another client.")
    if "client_secret" in found or found.get("token_endpoint_auth_method", "none") != "none":
        raise OAuthRefused("invalid_client", "A client with a document is a public one (token_endpoint_auth_method none).")
    uris = found.get("redirect_uris")
    given = cast("list[object]", uris) if isinstance(uris, list) else []
    texts = tuple(uri for uri in given if isinstance(uri, str))
    if not texts or len(texts) != len(given) or any(unacceptable(uri) for uri in texts):
        raise OAuthRefused("invalid_client", "The client's document has no acceptable redirect_uris.")
    return shown_name(found.get("client_name")), texts


def shown_name(name: object) -> str:
    """A name as people see it: one line of eighty characters, no control or direction marks."""
    text = "".join(c for c in name if c.isprintable()) if isinstance(name, str) else ""
    return " ".join(text.split())[:80] or "A client without a name"


def public(address: str) -> bool:
    """Whether an IP address is one of the public Internet; an IPv4 address inside an IPv6 one counts as itself."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inside is not None:
            return public(str(inside))
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast and not found.is_reserved


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Forms like 0x7f.1 or 2130706433 are addresses to the system's resolver.
        return host.replace(".", "").isdigit() or host.lower().startswith("0x")
    return True


def _public_resolver() -> "AbstractResolver":
    """Resolves names to public addresses only; the connection goes to what was checked, so a second look-up cannot differ."""
    from aiohttp.abc import ResolveResult
    from aiohttp.resolver import ThreadedResolver

    class Public(ThreadedResolver):
        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
            found = [each for each in await super().resolve(host, port, family) if public(each["host"])]
            if not found:
                raise OSError("no public address")
            return found

    return Public()
