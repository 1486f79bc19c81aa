"""Finds the apps and decides which of their tools somebody may see."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nextcloud_mcp_server import apps
from nextcloud_mcp_server.auth.provisioning.tools import APP as SIGN_IN
from nextcloud_mcp_server.core.app import NextcloudApp
from nextcloud_mcp_server.core.tools import Effect, Tool
from nextcloud_mcp_server.index.tools import APP as SEARCH

PERMITTED: Mapping[str, frozenset[Effect]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "create", "update"}),
    "destructive": frozenset({"read", "create", "update", "delete"}),
}


BUILT_IN = (SIGN_IN, SEARCH)
"""Tools of this server itself, declared like an app's."""


class UnknownToolset(ValueError):
    """A toolset is named that does not exist."""


def find_apps() -> dict[str, NextcloudApp]:
    """Every folder below `apps` that declares an `APP`, by the app's name."""
    modules = (importlib.import_module(f"{apps.__name__}.{found.name}") for found in pkgutil.iter_modules(apps.__path__) if found.ispkg)
    found = [module.APP for module in modules if isinstance(getattr(module, "APP", None), NextcloudApp)]
    return {app.name: app for app in sorted([*found, *BUILT_IN], key=lambda app: app.name)}


@dataclass(frozen=True)
class Limits:
    """An upper bound of what is listed and allowed: the apps and the greatest permission."""

    apps: frozenset[str]
    permission: str = "destructive"

    def narrowed(self, apps: frozenset[str] | None = None, permission: str | None = None) -> "Limits":
        """Less than before, never more."""
        order = list(PERMITTED)
        return Limits(
            self.apps & apps if apps is not None else self.apps, min(self.permission, permission or self.permission, key=order.index)
        )


@dataclass(frozen=True)
class Catalog:
    """The apps of this build."""

    apps: Mapping[str, NextcloudApp]

    @cached_property
    def tools(self) -> dict[str, Tool]:
        return {tool.name: tool for app in self.apps.values() for tool in app.tools.tools}

    @cached_property
    def aliases(self) -> dict[str, str]:
        return {alias: tool.name for tool in self.tools.values() for alias in tool.aliases}

    @cached_property
    def defaults(self) -> frozenset[str]:
        return frozenset(name for name, app in self.apps.items() if app.default)

    def toolsets(self, names: Iterable[str]) -> frozenset[str]:
        """The apps that these names stand for: `all`, `default`, app names; no name means the default ones.

        Raises UnknownToolset, so that a typing error never widens or empties the surface silently.
        """
        wanted: set[str] = set()
        for name in [given.strip().lower() for given in names] or ["default"]:
            if name == "all":
                wanted |= self.apps.keys()
            elif name == "default":
                wanted |= self.defaults
            elif name in self.apps:
                wanted.add(name)
            else:
                raise UnknownToolset(f"There is no toolset {name!r}. There is: all, default, {', '.join(self.apps)}.")
        return frozenset(wanted)

    def scopes(self, limits: Limits) -> frozenset[str]:
        """What the tools that the limits leave need together."""
        listed = (tool for tool in self.tools.values() if tool.always or tool.app in limits.apps)
        within = (tool for tool in listed if permitted(tool, limits.permission))
        return frozenset(scope for tool in within for scope in tool.scopes)

    def available(self, capabilities: Mapping[str, Any] | None) -> frozenset[str]:
        """The apps that this Nextcloud has for this person; all of them while it could not be asked."""
        if capabilities is None:
            return frozenset(self.apps)
        known: Mapping[str, Any] = capabilities.get("capabilities") or {}
        return frozenset(name for name, app in self.apps.items() if app.requires(known))


def permitted(tool: Tool, permission: str) -> bool:
    """Whether a tool's effect stays within a permission; signing in is no write to Nextcloud."""
    return tool.always or tool.effect in PERMITTED[permission]


def in_scope(needed: frozenset[str], granted: frozenset[str] | None) -> bool:
    """Whether the granted scopes cover the needed ones; `notes.read` is the same scope as `notes:read`."""
    return granted is None or needed <= {scope.replace(".", ":") for scope in granted}
