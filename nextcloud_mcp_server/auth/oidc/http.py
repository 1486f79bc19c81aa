"""The server's own calls to a provider: 30 seconds, no cookies, no redirect but for discovery, answers of bounded size."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote_plus

import orjson

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.core.errors import BadAnswer, Unreachable

if TYPE_CHECKING:
    import httpx2

SECONDS = 30.0
MAX_BYTES = 1 << 20
RETRY_AFTER = 10.0


@dataclass
class ClientSecret:
    """This server's credentials at a provider; `secret` None is a public client.

    Registered ones may end at `expires_at` (epoch seconds, 0: never); whoever holds them then holds the new ones.
    """

    client_id: str
    secret: str | None = field(default=None, repr=False)
    expires_at: float = 0

    def become(self, other: "ClientSecret") -> None:
        """Takes the place of what was registered before."""
        self.client_id, self.secret, self.expires_at = other.client_id, other.secret, other.expires_at

    def authenticate(self, methods: frozenset[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and form fields that prove the client (RFC 6749 2.3.1) by a method the provider allows."""
        if self.secret is None:
            return {}, {"client_id": self.client_id}
        if "client_secret_basic" in methods or "client_secret_post" not in methods:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret)}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        return {}, {"client_id": self.client_id, "client_secret": self.secret}


class OidcHttp:
    """One pooled client for one provider. `verify` is False or the path of a CA file where the default does not do."""

    def __init__(self, verify: bool | str = True) -> None:
        self._verify = verify
        self._client: httpx2.AsyncClient | None = None

    async def aclose(self) -> None:
        if self._client:
            await self._client.aclose()
            self._client = None

    async def get(self, url: str, *, follow: bool = False, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object. Raises Unreachable, BadAnswer, and OAuthRefused for a status of 400 and above."""
        return _json(await self._send("GET", url, headers=headers, follow_redirects=follow))

    async def post(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The answer to a form."""
        return _json(await self._send("POST", url, data=dict(form), headers={"Accept": "application/json", **(headers or {})}))

    async def send_json(self, method: str, url: str, body: Any, *, token: str | None = None) -> dict[str, Any]:
        """The answer to a JSON body (or none), with a bearer token where one is given."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return _json(await self._send(method, url, headers=headers, **({"json": body} if body is not None else {})))

    async def _send(self, method: str, url: str, **more: Any) -> "httpx2.Response":
        import httpx2

        if self._client is None:
            no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            verify = _context(self._verify)
            self._client = httpx2.AsyncClient(timeout=SECONDS, verify=verify, cookies=no_cookies, max_redirects=5, follow_redirects=False)
        try:
            async with self._client.stream(method, url, **more) as response:
                await _read(response)
                return response
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise Unreachable(
                f"The identity provider does not answer ({type(error).__name__}).",
                retry_after=RETRY_AFTER,
                hint="See OIDC_DISCOVERY_URL and the provider's own health.",
            ) from None


def _context(verify: bool | str) -> Any:
    if isinstance(verify, bool):
        return verify
    import ssl

    return ssl.create_default_context(cafile=verify)


async def _read(response: "httpx2.Response") -> None:
    size, pieces = 0, list[bytes]()
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > MAX_BYTES:
            raise BadAnswer("The identity provider's answer is larger than a megabyte.")
        pieces.append(piece)
    response._content = b"".join(pieces)  # type: ignore[reportPrivateUsage] # noqa: SLF001 - what `aread` would have set


def _json(response: "httpx2.Response") -> dict[str, Any]:
    try:
        body: object = orjson.loads(response.content) if response.content else {}
    except ValueError:
        body = None
    found = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    if response.status_code >= 500:
        raise Unreachable(f"The identity provider answered {response.status_code}.", retry_after=RETRY_AFTER)
    if response.status_code >= 300:
        error = found.get("error")
        description = found.get("error_description")
        raise OAuthRefused(
            error if isinstance(error, str) else f"http_{response.status_code}",
            description[:300] if isinstance(description, str) else "",
            response.status_code,
        )
    if not isinstance(body, dict):
        raise BadAnswer("The identity provider's answer is not a JSON object.")
    return found
