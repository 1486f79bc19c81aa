"""The one wrapper around every tool: arguments, session, call, answer or error.

Besides the supervisors of background tasks this is the only place that catches `Exception`.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mcp_types as mcp
from pydantic import BaseModel, ValidationError

from nextcloud_mcp_server.auth.provisioning.account import CANNOT, Presenter
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.core.tools import Effect, Injected, Progress, Tool
from nextcloud_mcp_server.core.untrusted import clean
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.schema import Schema, arguments, injected, input_schema, output_schema
from nextcloud_mcp_server.server.shaping import answer, explain, from_text

log = logging.getLogger(__name__)

Provider = Callable[["Call"], Awaitable[Injected]]
"""Makes an injected object that is more than a client on a session."""

_HINTS: Mapping[Effect, mcp.ToolAnnotations] = {
    "read": mcp.ToolAnnotations(read_only_hint=True, destructive_hint=False),
    "create": mcp.ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False),
    "update": mcp.ToolAnnotations(read_only_hint=False, destructive_hint=False),
    "delete": mcp.ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True),
}


@dataclass
class Call:
    """One call in progress: who calls, how to reach Nextcloud as them, how to tell progress."""

    caller: Caller
    open_session: Callable[[Caller], Awaitable[Session]]
    progress: Progress = field(default_factory=Progress)
    context: Any = None
    present: Presenter = CANNOT

    _session: Session | None = None

    async def session(self) -> Session:
        if self._session is None:
            self._session = await self.open_session(self.caller)
        return self._session


@dataclass(frozen=True)
class Outcome:
    """What became of a call: the text for the assistant, and the kind of error if it failed."""

    text: str
    error: str | None = None


@dataclass(frozen=True)
class Bound:
    """A tool as MCP sees it; `described` adds a schema of its answers."""

    tool: Tool
    providers: Mapping[type[Injected], Provider] = field(default_factory=dict[type[Injected], Provider])
    described: bool = False

    @cached_property
    def model(self) -> type[BaseModel]:
        return arguments(self.tool.run)

    @cached_property
    def hidden(self) -> dict[str, type[Injected]]:
        return injected(self.tool.run)

    @cached_property
    def schema(self) -> Schema:
        return input_schema(self.model)

    @cached_property
    def mcp(self) -> mcp.Tool:
        return mcp.Tool(
            name=self.tool.name,
            title=title(self.tool),
            description=" ".join((self.tool.run.__doc__ or "").split()),
            input_schema=self.schema,
            output_schema=output_schema(self.tool) if self.described else None,
            annotations=_hints(self.tool),
        )

    async def call(self, call: Call, raw: Mapping[str, Any]) -> Outcome:
        """Runs the tool; every failure becomes text that says what to do next."""
        started = time.perf_counter()
        outcome = await self._outcome(call, raw)
        milliseconds = (time.perf_counter() - started) * 1000
        log.info("%s %s in %.0f ms", self.tool.name, outcome.error or "done", milliseconds)
        return outcome

    async def _outcome(self, call: Call, raw: Mapping[str, Any]) -> Outcome:
        try:
            given = self.model.model_validate(from_text(raw, self.schema))
            filled = {name: await self._inject(kind, call) for name, kind in self.hidden.items()}
            value = await self.tool.run(**filled, **{name: getattr(given, name) for name in given.model_fields_set})
            return Outcome(answer(self.tool, value).decode())
        except ValidationError as error:
            if error.title != self.tool.name:
                return self._unexpected(error)
            return Outcome(explain(error, self.schema), "InvalidArguments")
        except NextcloudError as error:
            return Outcome(clean(error.explain()), type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the wrapper: a fault of ours must not end the connection
            return self._unexpected(error)

    async def _inject(self, kind: type[Injected], call: Call) -> Injected:
        if kind is Progress:
            return call.progress
        if provider := self.providers.get(kind):
            return await provider(call)
        if issubclass(kind, Client):
            return kind(await call.session())
        raise TypeError(f"{self.tool.name} asks for {kind.__name__}, which nothing provides")

    def _unexpected(self, error: Exception) -> Outcome:
        log.error("%s failed unexpectedly: %s", self.tool.name, type(error).__name__, exc_info=error)
        text = (
            f"The server failed on {self.tool.name} ({type(error).__name__}). It may or may not have taken effect: "
            "read before you repeat. The server's log says more."
        )
        return Outcome(text, "ServerFault")


def _hints(tool: Tool) -> mcp.ToolAnnotations:
    """MCP takes for granted that a tool is not idempotent; it is said where a client may guess otherwise."""
    said = tool.name == "nc_webdav_write_file" or "update" in tool.name
    return _HINTS[tool.effect].model_copy(update={"idempotent_hint": False}) if said else _HINTS[tool.effect]


def title(tool: Tool) -> str:
    """A short name for people: `nc_notes_create_note` becomes "Create note"; an app declares another where two would be alike."""
    words = tool.name.removeprefix("nc_").split("_")
    named_by_app = tool.name.startswith(("nc_", f"{tool.app}_")) and len(words) > 2
    return tool.title or " ".join(words[1:] if named_by_app else words).capitalize()
