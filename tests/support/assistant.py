"""An assistant at work for one person: calls tools by name as MCP would, without a transport in between."""

from typing import Any

import orjson

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import basic
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from nextcloud_mcp_server.nextcloud.transport import Address, Transport
from nextcloud_mcp_server.server.binding import Call
from nextcloud_mcp_server.server.catalog import Catalog, Limits, find_apps
from nextcloud_mcp_server.server.surface import Surface
from nextcloud_mcp_server.text import Readers


class ToolFailed(AssertionError):
    """A tool answered with an error; its text is what an assistant reads."""


class Assistant:
    """Calls tools for the person behind `session`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        catalog = Catalog(find_apps())
        self.surface = Surface(catalog, Limits(frozenset(catalog.apps)), self._open, "single_user", {Readers: self._reading})
        self.readers = Readers(idle=0)

    async def _open(self, caller: Caller) -> Session:
        return self.session

    async def _reading(self, _: Call) -> Readers:
        return self.readers

    async def call(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The answer's fields. Raises ToolFailed with the text of an error answer."""
        result = await self.surface.call(name, arguments, Call(Caller("test", "person"), self._open))
        text = result.content[0].text  # type: ignore[union-attr]
        if result.is_error:
            raise ToolFailed(text)
        return orjson.loads(text)

    async def error(self, name: str, /, **arguments: Any) -> str:
        """The text of the error that a call must end in."""
        try:
            answer = await self.call(name, **arguments)
        except ToolFailed as failed:
            return str(failed)
        raise AssertionError(f"{name} was expected to fail and answered {answer}")


def session(
    url: str, login: str, password: str, *, concurrency: int = 8, policy: Policy | None = None, ca_bundle: str | None = None
) -> Session:
    """A person's session on any Nextcloud; close its `transport` at the end."""
    transport = Transport(Address(url, url, concurrency=concurrency, ca_bundle=ca_bundle), "nextcloud-mcp-server/test")
    return Session(transport, basic(login, password), Cache(), policy=policy or Policy())
