"""Cookbook's version and settings, and recipes, by URI."""

from typing import Any

from nextcloud_mcp_server.apps.cookbook.client import Cookbook
from nextcloud_mcp_server.core.app import Resource

READ = frozenset({"cookbook:read"})


async def version(cookbook: Cookbook) -> Any:
    return await cookbook.version()


async def config(cookbook: Cookbook) -> Any:
    return await cookbook.config()


async def recipe(cookbook: Cookbook, recipe_id: int) -> Any:
    return await cookbook.get(recipe_id)


async def recipe_ids(cookbook: Cookbook, argument: str, text: str) -> list[str]:
    """Ids that begin with `text`."""
    return [stub.id for stub in await cookbook.stubs() if stub.id.startswith(text)]


RESOURCES = (
    Resource("cookbook://version", "Cookbook version", "Version of Cookbook and of its API", version, READ),
    Resource("cookbook://config", "Cookbook settings", "Folder, update interval and printing", config, READ),
    Resource("nc://Cookbook/{recipe_id}", "Recipe", "One recipe", recipe, READ, complete=recipe_ids),
)
