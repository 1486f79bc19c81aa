"""One person's way to Nextcloud: what domain code is given instead of a credential."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nextcloud_mcp_server.nextcloud.answers import Answer
from nextcloud_mcp_server.nextcloud.capabilities import Cache, Known
from nextcloud_mcp_server.nextcloud.credentials import Credential
from nextcloud_mcp_server.nextcloud.person import PERSON, Person
from nextcloud_mcp_server.nextcloud.transport import Transport

if TYPE_CHECKING:
    import aiohttp


@dataclass(frozen=True)
class Policy:
    """Limits that an administrator sets for every session: largest write (0: none), tags that hide files."""

    write_max_bytes: int = 50 * 1024 * 1024
    excluded_tags: frozenset[str] = frozenset()


@dataclass
class Session:
    """Requests as one person. Paths start with `/` and are percent-encoded already (see `segment`)."""

    transport: Transport
    credential: Credential = field(repr=False)
    cache: Cache
    user_id: str | None = None
    policy: Policy = field(default_factory=Policy)

    async def request(self, method: str, path: str, *, what: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """One exchange. `what` names its subject in errors ("Note 7"). Raises the kinds of `core.errors`."""
        return await self.transport.send(self.credential, method, path, what=what, headers=headers, **more)

    def stream(
        self, method: str, path: str, *, what: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> "AbstractAsyncContextManager[aiohttp.ClientResponse]":
        """An exchange whose answer is read piece by piece inside the block."""
        return self.transport.stream(self.credential, method, path, what=what, headers=headers, **more)

    async def ocs(self, method: str, path: str, *, what: str, **more: Any) -> Any:
        """The `data` of an OCS v2 call; `path` starts after `/ocs/v2.php`. Errors inside the envelope raise."""
        from nextcloud_mcp_server.nextcloud.ocs import unwrap

        headers = {"Accept": "application/json", **more.pop("headers", {})}
        return unwrap(await self.request(method, f"/ocs/v2.php{path}", what=what, headers=headers, **more))

    async def person(self) -> Person:
        """Who is asking, as Nextcloud says; asked once and kept for some minutes."""
        person = await self.cache.person(self.credential.key, self._ask_person)
        self.user_id = person.id
        return person

    async def uid(self) -> str:
        """The Nextcloud user id, which paths of files, calendars and contacts use; never guessed from a login name."""
        if self.user_id is None:
            await self.person()
        assert self.user_id is not None  # noqa: S101 - for the type checker; person() set it
        return self.user_id

    async def capabilities(self) -> Known:
        """What this Nextcloud can do for this person, at most 30 s old."""
        return await self.cache.capabilities(self.credential.key, self._ask_capabilities)

    def link(self, path: str) -> str:
        """A web page of Nextcloud, for a person to open."""
        return f"{self.transport.address.public}/index.php{path}"

    async def _ask_person(self) -> Person:
        from nextcloud_mcp_server.nextcloud.answers import shape

        return shape(PERSON, await self.ocs("GET", "/cloud/user", what="the account"), "the account")

    async def _ask_capabilities(self) -> Mapping[str, Any]:
        data: Any = await self.ocs("GET", "/cloud/capabilities", what="the capabilities")
        return data if isinstance(data, dict) else {}  # type: ignore[reportUnknownVariableType]


def segment(text: str) -> str:
    """One segment of a path, percent-encoded."""
    return quote(text, safe="")


def path_of(text: str) -> str:
    """A path of several segments, percent-encoded, slashes kept."""
    return quote(text, safe="/")
