"""What one Nextcloud app contributes, declared in its folder as `APP`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nextcloud_mcp_server.core.documents import IndexSource
from nextcloud_mcp_server.core.tools import Toolbox

Capabilities = Mapping[str, Any]
"""Nextcloud's capabilities document: app name to what it says of itself."""


@dataclass(frozen=True)
class Resource:
    """A thing to read by URI. `uri` may hold {placeholders}; they become arguments of `read`.

    `read` takes injected clients and the placeholders and returns text, bytes, or something that becomes JSON.
    """

    uri: str
    name: str
    description: str
    read: Callable[..., Awaitable[Any]]
    scopes: frozenset[str]
    mime_type: str = "application/json"
    complete: Callable[..., Awaitable[list[str]]] | None = None


@dataclass(frozen=True)
class Prompt:
    """A request that people make often. `text` may hold {placeholders}, one argument each."""

    name: str
    description: str
    text: str
    arguments: Mapping[str, str]
    scopes: frozenset[str]


@dataclass(frozen=True)
class NextcloudApp:
    """Everything an app adds to the server; the catalog finds it by its folder.

    `requires` answers whether this Nextcloud, for this person, has the app. `default` False means that its tools
    are listed only when `MCP_TOOLSETS` names it.
    """

    name: str
    title: str
    tools: Toolbox
    requires: Callable[[Capabilities], bool] = lambda _: True
    instructions: str = ""
    resources: tuple[Resource, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    sources: tuple[Callable[[Any], IndexSource], ...] = ()
    default: bool = True
