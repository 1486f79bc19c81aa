"""Cookbook's REST API v1 (https://nextcloud.github.io/cookbook/dev/api/0.1.2/index.html).

Its own searches are not used: the one by keywords leaves out recipes without a category, and each reads a file per hit. One
listing has all that they look at.
"""

from typing import Any
from urllib.parse import urlsplit

from nextcloud_mcp_server.apps.cookbook.models import COUNTS, ID, RECIPE, STUBS, Count, Recipe, SavedRecipe, Stub
from nextcloud_mcp_server.apps.cookbook.recipes import etag_of, replacement, same_version, stored_otherwise
from nextcloud_mcp_server.core.errors import AlreadyExists, InvalidValue
from nextcloud_mcp_server.nextcloud.client import Client

API = "/index.php/apps/cookbook/api/v1"
NEW: Recipe = {"@context": "http://schema.org", "@type": "Recipe"}


class Cookbook(Client):
    """The recipes of one person."""

    async def stubs(self) -> list[Stub]:
        """All recipes by name, each with category and keywords, in one request."""
        return (await self.session.request("GET", f"{API}/recipes", what="the recipes")).parse(STUBS)

    async def get(self, recipe_id: int) -> Recipe:
        answer = await self.session.request("GET", f"{API}/recipes/{recipe_id}", what=f"Recipe {recipe_id}")
        return answer.parse(RECIPE)

    async def to_change(self, recipe_id: int, etag: str | None) -> Recipe:
        """A recipe that still has `etag`."""
        recipe = await self.get(recipe_id)
        same_version(etag, recipe, f"Recipe {recipe_id}")
        return recipe

    async def create(self, fields: Recipe) -> SavedRecipe:
        answer = await self.session.request("POST", f"{API}/recipes", what=f"Recipe {fields['name']!r}", json={**NEW, **fields})
        return await self._saved(answer.parse(ID), fields)

    async def update(self, recipe_id: int, recipe: Recipe, changes: Recipe) -> SavedRecipe:
        """Replaces the recipe by itself with `changes`."""
        if not recipe.get("image"):
            await self._without_picture(recipe_id)
        body = {**replacement(recipe, changes), "id": str(recipe_id)}
        what = f"Recipe {changes.get('name', recipe_id)!r}"
        await self.session.request("PUT", f"{API}/recipes/{recipe_id}", what=what, json=body)
        return await self._saved(recipe_id, changes)

    async def delete(self, recipe_id: int) -> None:
        """Cookbook says yes to any id, of whatever is in its folder: look whether it is a recipe before."""
        await self.session.request("DELETE", f"{API}/recipes/{recipe_id}", what=f"Recipe {recipe_id}")

    async def import_page(self, url: str) -> Recipe:
        """Has Nextcloud read a recipe from a web page."""
        _public(url)
        try:
            return (await self.session.request("POST", f"{API}/import", what=f"the recipe at {url}", json={"url": url})).parse(RECIPE)
        except AlreadyExists:
            hint = "Find it with nc_cookbook_search_recipes; rename or delete it to import again."
            raise AlreadyExists(f"The recipe at {url} has the name of one that exists.", hint=hint) from None
        except InvalidValue:
            hint = "The page must be reachable for Nextcloud and hold schema.org data; else use nc_cookbook_create_recipe."
            raise InvalidValue(f"Nextcloud found no recipe at {url}.", hint=hint) from None

    async def counts(self, kind: str) -> list[Count]:
        """`categories` or `keywords`."""
        return (await self.session.request("GET", f"{API}/{kind}", what=f"the {kind}")).parse(COUNTS)

    async def config(self) -> Any:
        return (await self.session.request("GET", f"{API}/config", what="the settings of Cookbook")).json()

    async def set_config(self, fields: dict[str, Any]) -> None:
        await self.session.request("POST", f"{API}/config", what="the settings of Cookbook", json=fields)

    async def reindex(self) -> None:
        await self.session.request("POST", f"{API}/reindex", what="the index of Cookbook")

    async def version(self) -> Any:
        return (await self.session.request("GET", "/index.php/apps/cookbook/api/version", what="the version of Cookbook")).json()

    def link(self, recipe_id: int) -> str:
        return self.session.link(f"/apps/cookbook/#/recipe/{recipe_id}")

    async def _saved(self, recipe_id: int, asked: Recipe) -> SavedRecipe:
        stored = await self.get(recipe_id)
        note = stored_otherwise(asked, stored)
        return SavedRecipe(id=recipe_id, name=str(stored.get("name")), etag=etag_of(stored), recipe_url=self.link(recipe_id), note=note)

    async def _without_picture(self, recipe_id: int) -> None:
        """Cookbook deletes the picture file of a recipe that names none; raises InvalidValue where there is such a file."""
        path, headers = f"{API}/recipes/{recipe_id}/image?size=thumb16", {"Accept": "image/jpeg"}
        async with self.session.stream("GET", path, what=f"Recipe {recipe_id}", headers=headers, accept=frozenset({404, 406})) as answer:
            if answer.status < 400:
                hint = "Set the recipe's picture in Nextcloud first; nothing was changed."
                raise InvalidValue(f"Recipe {recipe_id} has a picture that Cookbook would delete with any change.", hint=hint)


def _public(url: str) -> None:
    """Raises InvalidValue for addresses that Cookbook refuses."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or host in ("", "localhost") or ":" in host or host.replace(".", "").isdecimal():
        raise InvalidValue(f"{url[:200]!r} is no address to import from.", hint="It needs http or https and a host name that is no number.")
