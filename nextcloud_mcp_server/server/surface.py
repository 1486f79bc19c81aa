"""What one caller sees and may use: one rule for listing and for calling."""

import difflib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import mcp_types as mcp
import orjson

from nextcloud_mcp_server.auth.scopes import OIDC
from nextcloud_mcp_server.core.app import NextcloudApp
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import MissingApp, MissingScope, NextcloudError, NotFound, NotPermitted
from nextcloud_mcp_server.core.tools import Injected, Tool
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.binding import Bound, Call, Provider
from nextcloud_mcp_server.server.catalog import Catalog, Limits, in_scope, permitted

Open = Callable[[Caller], Awaitable[Session]]


@dataclass(frozen=True)
class View:
    """Everything that decides what is listed; equal views see the same list.

    `asked` False: Nextcloud could not be asked which apps are `available`, so all are taken for it.
    """

    limits: Limits
    available: frozenset[str]
    scopes: frozenset[str] | None
    granted: frozenset[str] | None = None
    asked: bool = field(default=True, compare=False)


@dataclass
class Surface:
    """The tools of this server for all its callers; `described` lists schemas of answers and gives answers as objects besides text."""

    catalog: Catalog
    limits: Limits
    open_session: Open
    mode: str
    providers: Mapping[type[Injected], Provider] = field(default_factory=dict[type[Injected], Provider])
    described: bool = False

    bound: dict[str, Bound] = field(init=False)
    _lists: dict[View, mcp.ListToolsResult] = field(default_factory=dict[View, mcp.ListToolsResult])

    def __post_init__(self) -> None:
        self.bound = {name: Bound(tool, self.providers, self.described) for name, tool in self.catalog.tools.items() if self._exists(tool)}

    async def view(self, caller: Caller, limits: Limits | None = None) -> View:
        """What decides for this caller now; `limits` narrows what the administrator set."""
        capabilities = await self._capabilities(caller)
        available = self.catalog.available(capabilities)
        return View(limits or self.limits, available, caller.scopes, caller.granted, asked=capabilities is not None)

    def visible(self, view: View, tool: Tool) -> bool:
        """The rule: within the limits, the app is there, the scopes are granted."""
        return self._refusal(view, tool) is None

    def tools(self, view: View) -> mcp.ListToolsResult:
        """The list for a view, computed once."""
        found = self._lists.get(view)
        if found is None:
            found = mcp.ListToolsResult(tools=[one.mcp for one in self.bound.values() if self.visible(view, one.tool)])
            if len(self._lists) > 256:
                self._lists.clear()
            self._lists[view] = found
        return found

    def apps(self, view: View) -> Iterable[NextcloudApp]:
        """The apps of a view, for instructions and resources."""
        return (app for name, app in self.catalog.apps.items() if name in view.limits.apps & view.available)

    def find(self, view: View, name: str) -> Bound:
        """A tool by name or older name. Raises the error that says why there is none for this caller."""
        bound = self.bound.get(self.catalog.aliases.get(name, name))
        if bound is None:
            seen = [one for one, candidate in self.bound.items() if self.visible(view, candidate.tool)]
            raise NotFound(
                f"There is no tool {name[:64]!r}.", candidates=difflib.get_close_matches(name, seen, n=3), hint="tools/list names all."
            )
        if refusal := self._refusal(view, bound.tool):
            raise refusal
        return bound

    async def call(self, name: str, raw: Mapping[str, Any], call: Call, limits: Limits | None = None) -> mcp.CallToolResult:
        """Calls a tool by name; refusals and failures are answers too."""
        try:
            bound = self.find(await self.view(call.caller, limits), name)
        except NextcloudError as error:
            return result(error.explain(), failed=True)
        call.caller = needing(call.caller, uses(bound.tool, call.caller))
        outcome = await bound.call(call, raw)
        made = result(outcome.text, failed=outcome.error is not None)
        return made if made.is_error or not self.described else made.model_copy(update={"structured_content": orjson.loads(outcome.text)})

    def _exists(self, tool: Tool) -> bool:
        return not tool.modes or self.mode in tool.modes

    def _refusal(self, view: View, tool: Tool) -> NextcloudError | None:
        if not tool.always and tool.app not in view.limits.apps:
            return NotPermitted(f"The tools of {tool.app} are switched off.", hint="The administrator can name the app in MCP_TOOLSETS.")
        if not permitted(tool, view.limits.permission):
            return NotPermitted(f"{tool.name} is switched off: this server allows {view.limits.permission} only.", hint="")
        if tool.app not in view.available and not tool.always:
            return MissingApp(f"This Nextcloud has no {self.catalog.apps[tool.app].title} for this account.")
        if not in_scope(tool.scopes, view.scopes):
            return MissingScope(f"{tool.name} needs {' and '.join(sorted(tool.scopes))}, which the token does not allow.")
        if not in_scope(tool.scopes - OIDC, view.granted):
            needed = " and ".join(sorted(tool.scopes - (view.granted or frozenset())))
            return MissingScope(
                f"The person limited this server's access: it lacks {needed}.", hint="nc_auth_update_scopes asks them for it."
            )
        return None

    async def _capabilities(self, caller: Caller) -> Mapping[str, Any] | None:
        try:
            session = await self.open_session(needing(caller, frozenset()))
            return await session.capabilities()
        except NextcloudError:
            return None


def uses(tool: Tool, caller: Caller) -> frozenset[str]:
    """The scopes that a call of the tool acts with."""
    read = {scope for scope in caller.scopes or () if scope.endswith((":read", ".read"))} if tool.everywhere else frozenset[str]()
    return tool.scopes | read


def needing(caller: Caller, scopes: frozenset[str]) -> Caller:
    """The caller with no more scopes than a tool needs: an exchanged token is asked for with these only."""
    return caller if caller.scopes is None else replace(caller, scopes=caller.scopes & (scopes | OIDC))


def result(text: str, *, failed: bool = False) -> mcp.CallToolResult:
    return mcp.CallToolResult(content=[mcp.TextContent(type="text", text=text)], is_error=failed)
