"""One pooled HTTP client per process towards one Nextcloud.

It has no cookie jar: a session cookie of one person would beat the credential of another. Safe requests are sent again after a
stale connection, 429, 502 and 503; a write never, it may have happened: the caller reads first.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from nextcloud_mcp_server.core.errors import BadAnswer, CredentialRefused, Maintenance, Unreachable
from nextcloud_mcp_server.nextcloud.answers import Answer, failure, retry_after
from nextcloud_mcp_server.nextcloud.credentials import ANONYMOUS, Credential

if TYPE_CHECKING:
    import aiohttp

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"})
PASSING = frozenset({429, 502, 503, 504})
ATTEMPTS = 3
LONGEST_WAIT = 5.0
REFUSED_FOR = 60.0
CONNECTIONS = 256
# Shorter than the keep-alive of common front ends (Apache: 5 s), so that a pooled connection is rarely stale.
KEEP_ALIVE = 4.0


@dataclass(frozen=True)
class Address:
    """Where Nextcloud is: `base` for requests, `public` for links a person opens, both without a trailing slash."""

    base: str
    public: str
    verify: bool = True
    ca_bundle: str | None = None
    concurrency: int = 8
    timeout: float = 60.0


@dataclass
class Transport:
    """Sends requests; used through a `Session`, which knows who is asking."""

    address: Address
    user_agent: str
    sent: int = 0
    _client: "aiohttp.ClientSession | None" = None
    _slots: dict[str, asyncio.Semaphore] = field(default_factory=dict[str, asyncio.Semaphore])
    _refused: dict[str, float] = field(default_factory=dict[str, float])

    async def aclose(self) -> None:
        if self._client:
            await self._client.close()
            self._client = None

    async def probe(self) -> None:
        """Asks Nextcloud whether it is up, as nobody. Raises Unreachable, Maintenance or BadAnswer."""
        answer = await self.send(ANONYMOUS, "GET", "/status.php", what="the status")
        status = answer.json()
        if not isinstance(status, dict) or "installed" not in status:
            raise BadAnswer(f"{self.address.base} is not a Nextcloud.")
        if cast("dict[str, Any]", status).get("maintenance"):
            raise Maintenance("Nextcloud is in maintenance.")

    async def send(
        self, credential: Credential, method: str, path: str, *, what: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        """One exchange with the whole body read; statuses of 400 and above raise the error they stand for."""
        async with self.stream(credential, method, path, what=what, headers=headers, **more) as response:
            body = await self._body(response, what)
            return Answer(response.status, response.headers, body, what)

    @asynccontextmanager
    async def stream(
        self,
        credential: Credential,
        method: str,
        path: str,
        *,
        what: str,
        headers: Mapping[str, str] | None = None,
        accept: frozenset[int] = frozenset(),
        **more: Any,
    ) -> "AsyncGenerator[aiohttp.ClientResponse]":
        """An answer whose body is still to be read; held slots are given back when the block ends.

        `accept` holds statuses of 400 and above that are answers, not errors; `more` goes to aiohttp (`params`,
        `data`, `json`).
        """
        self._not_refused(credential)
        async with self._slot(credential):
            response = await self._attempts(credential, method, path, dict(headers or {}), more)
            try:
                if response.status >= 400 and response.status not in accept:
                    answer = Answer(response.status, response.headers, await self._body(response, what), what)
                    self._remember_refusal(credential, answer)
                    raise failure(answer)
                yield response
            finally:
                response.release()

    async def _attempts(
        self, credential: Credential, method: str, path: str, headers: dict[str, str], more: dict[str, Any]
    ) -> "aiohttp.ClientResponse":
        import aiohttp

        client = self._connected()
        headers["OCS-APIRequest"] = "true"
        if credential.authorization:
            headers["Authorization"] = credential.authorization
        url = self.address.base + path
        again = method in SAFE
        for attempt in range(1, ATTEMPTS + 1):
            self.sent += 1
            last = attempt == ATTEMPTS
            try:
                response = await client.request(method, _encoded(url), headers=headers, allow_redirects=False, **more)
            except aiohttp.ClientConnectorError as error:
                raise Unreachable(f"Nextcloud at {self.address.base} cannot be reached: {_cause(error)}.") from None
            except TimeoutError:
                raise Unreachable("Nextcloud did not answer in time.", hint=_maybe_done(again)) from None
            except aiohttp.ClientError:
                if not again or last:
                    raise Unreachable("Nextcloud closed the connection without an answer.", hint=_maybe_done(again)) from None
                continue
            wait = retry_after(response.headers) if response.status in PASSING else None
            if not again or last or response.status not in PASSING or (wait or 0) > LONGEST_WAIT:
                return self._no_redirect(response)
            response.release()
            await asyncio.sleep(wait if wait is not None else 0.2 * attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _no_redirect(self, response: "aiohttp.ClientResponse") -> "aiohttp.ClientResponse":
        if 300 <= response.status < 400 and response.status != 304:
            response.release()
            raise BadAnswer(
                f"Nextcloud at {self.address.base} redirects to another address.",
                hint="Set NEXTCLOUD_HOST to the final address (https, subpath) or check that the sign-in is not a login page.",
            )
        return response

    async def _body(self, response: "aiohttp.ClientResponse", what: str) -> bytes:
        import aiohttp

        try:
            return await response.read()
        except (aiohttp.ClientError, TimeoutError):
            raise BadAnswer(f"Nextcloud's answer about {what} was cut short.") from None

    def _connected(self) -> "aiohttp.ClientSession":
        if self._client is None:
            import aiohttp

            connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE, ssl=_tls(self.address))
            self._client = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.user_agent},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=self.address.timeout),
            )
            # aiohttp would send PUT and DELETE again after a stale connection, and they may have happened.
            self._client._retry_connection = False  # type: ignore[reportPrivateUsage] # noqa: SLF001
        return self._client

    @asynccontextmanager
    async def _slot(self, credential: Credential) -> AsyncGenerator[None]:
        """At most `concurrency` requests of one credential at once; the pool serves waiting people in turn."""
        slot = self._slots.setdefault(credential.key, asyncio.Semaphore(self.address.concurrency))
        async with slot:
            yield
        if len(self._slots) > 1000:
            self._slots = {key: s for key, s in self._slots.items() if s.locked() or cast(Any, s)._value < self.address.concurrency}  # noqa: SLF001

    def _not_refused(self, credential: Credential) -> None:
        """All people share this server's address, and Nextcloud slows an address down for one wrong password."""
        until = self._refused.get(credential.key)
        if until is None:
            return
        if time.monotonic() < until:
            raise CredentialRefused("Nextcloud refused the credential of this account a moment ago; it is not sent again yet.")
        del self._refused[credential.key]

    def _remember_refusal(self, credential: Credential, answer: Answer) -> None:
        if answer.status == 401:
            self._refused[credential.key] = time.monotonic() + REFUSED_FOR
            if len(self._refused) > 10_000:
                now = time.monotonic()
                self._refused = {key: until for key, until in self._refused.items() if until > now}


def _encoded(url: str) -> Any:
    from yarl import URL

    return URL(url, encoded=True)


def _tls(address: Address) -> "ssl.SSLContext | bool":
    if not address.verify:
        return False
    return ssl.create_default_context(cafile=address.ca_bundle) if address.ca_bundle else True


def _cause(error: Exception) -> str:
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "its certificate is not trusted (NEXTCLOUD_CA_BUNDLE names a file with its authority)"
    return "no connection"


def _maybe_done(safe: bool) -> str | None:
    return None if safe else "It may or may not have happened: read it again before repeating."
