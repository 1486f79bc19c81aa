"""The tools of Cookbook."""

from typing import Any

from nextcloud_mcp_server.apps.cookbook.client import Cookbook
from nextcloud_mcp_server.apps.cookbook.models import Count, Done, Imported, Recipe, SavedRecipe, Stub
from nextcloud_mcp_server.apps.cookbook.recipes import etag_of, given, in_category, matching, with_keywords
from nextcloud_mcp_server.core.arguments import Limit
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("cookbook")
Etag = str | None
Cursor = str | None


@TOOLS.read(items="recipes", total="total_count", untrusted=True)
async def nc_cookbook_list_recipes(cookbook: Cookbook, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Stub]:
    """List all recipes by name."""
    return paginate(await cookbook.stubs(), limit, cursor)


@TOOLS.read(items="recipes", total="total_found", untrusted=True)
async def nc_cookbook_search_recipes(cookbook: Cookbook, query: str, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Stub]:
    """Find recipes by words in name, category or keywords."""
    stubs = await cookbook.stubs()
    return paginate(matching(stubs, query) if query.strip() else stubs, limit, cursor, query=query)


@TOOLS.read(items="recipes", total="total_count", untrusted=True, title="Recipes in category")
async def nc_cookbook_get_recipes_in_category(
    cookbook: Cookbook,
    category: str,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Stub]:
    """List a category's recipes; _ is none."""
    return paginate(in_category(await cookbook.stubs(), category), limit, cursor, category=category)


@TOOLS.read(items="recipes", total="total_count", untrusted=True, title="Recipes by keywords")
async def nc_cookbook_get_recipes_with_keywords(
    cookbook: Cookbook, keywords: list[str], limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Stub]:
    """List the recipes that have all these keywords."""
    return paginate(with_keywords(await cookbook.stubs(), keywords), limit, cursor, keywords=keywords)


@TOOLS.read(items="categories", untrusted=True)
async def nc_cookbook_list_categories(cookbook: Cookbook, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Count]:
    """List categories and recipe counts."""
    return paginate(await cookbook.counts("categories"), limit, cursor)


@TOOLS.read(items="keywords", untrusted=True)
async def nc_cookbook_list_keywords(cookbook: Cookbook, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Count]:
    """List keywords and recipe counts."""
    return paginate(await cookbook.counts("keywords"), limit, cursor)


@TOOLS.read(untrusted=True)
async def nc_cookbook_get_recipe(cookbook: Cookbook, recipe_id: int) -> Recipe:
    """Read a recipe."""
    recipe = await cookbook.get(recipe_id)
    return {**recipe, "etag": etag_of(recipe), "recipe_url": cookbook.link(recipe_id)}


@TOOLS.create()
async def nc_cookbook_create_recipe(
    cookbook: Cookbook,
    name: str,
    description: str | None = None,
    ingredients: list[str] | None = None,
    instructions: list[str] | None = None,
    url: str | None = None,
    prep_time: str | None = None,
    cook_time: str | None = None,
    total_time: str | None = None,
    recipe_yield: int | None = None,
    category: str | None = None,
    keywords: str | None = None,
) -> SavedRecipe:
    """Create a recipe under a new name. Times are ISO 8601 (PT1H30M), keywords comma-separated."""
    times = (prep_time, cook_time, total_time)
    return await cookbook.create(_named(name, description, ingredients, instructions, url, times, recipe_yield, category, keywords))


@TOOLS.update(untrusted=True)
async def nc_cookbook_update_recipe(
    cookbook: Cookbook,
    recipe_id: int,
    name: str | None = None,
    description: str | None = None,
    ingredients: list[str] | None = None,
    instructions: list[str] | None = None,
    url: str | None = None,
    prep_time: str | None = None,
    cook_time: str | None = None,
    total_time: str | None = None,
    recipe_yield: int | None = None,
    category: str | None = None,
    keywords: str | None = None,
    etag: Etag = None,
) -> SavedRecipe:
    """Change the given fields of a recipe; the rest stays, empty clears."""
    times = (prep_time, cook_time, total_time)
    changes = _named(name, description, ingredients, instructions, url, times, recipe_yield, category, keywords)
    if not changes:
        raise InvalidValue("Nothing to change: no field is given.")
    return await cookbook.update(recipe_id, await cookbook.to_change(recipe_id, etag), changes)


@TOOLS.delete()
async def nc_cookbook_delete_recipe(cookbook: Cookbook, recipe_id: int, etag: Etag = None) -> Done:
    """Move a recipe to Nextcloud's trash."""
    await cookbook.to_change(recipe_id, etag)
    await cookbook.delete(recipe_id)
    restore = "In the trash: nc_webdav_list_trash and nc_webdav_restore_trash bring its folder back, nc_cookbook_reindex lists it again."
    return Done(message=restore, deleted_id=recipe_id)


@TOOLS.create(untrusted=True)
async def nc_cookbook_import_recipe(cookbook: Cookbook, url: str) -> Imported:
    """Import the recipe of a web page."""
    recipe = await cookbook.import_page(url.strip())
    return Imported(recipe_id=str(recipe.get("id", "")), recipe=recipe)


@TOOLS.update()
async def nc_cookbook_set_config(
    cookbook: Cookbook,
    folder: str | None = None,
    update_interval: int | None = None,
    print_image: bool | None = None,
) -> Done:
    """Change Cookbook's settings; update_interval is in minutes."""
    fields: dict[str, Any] = {"folder": folder, "update_interval": update_interval, "print_image": print_image}
    named = {name: value for name, value in fields.items() if value is not None}
    if not named:
        raise InvalidValue("Nothing to change: none of folder, update_interval, print_image is given.")
    if folder == "" or (update_interval is not None and update_interval < 1):
        raise InvalidValue("folder must not be empty and update_interval not below 1.")
    await cookbook.set_config(named)
    return Done(message=f"Changed: {', '.join(named)}.")


@TOOLS.update()
async def nc_cookbook_reindex(cookbook: Cookbook) -> Done:
    """Have Cookbook read its files anew."""
    await cookbook.reindex()
    return Done(message="The index was rebuilt.")


def _named(
    name: str | None,
    description: str | None,
    ingredients: list[str] | None,
    instructions: list[str] | None,
    url: str | None,
    times: tuple[str | None, str | None, str | None],
    recipe_yield: int | None,
    category: str | None,
    keywords: str | None,
) -> Recipe:
    """The given arguments under schema.org's names."""
    fields: Recipe = {"name": name, "description": description, "recipeIngredient": ingredients, "recipeInstructions": instructions}
    fields |= {"url": url, "recipeYield": recipe_yield, "recipeCategory": category, "keywords": keywords}
    return given({**fields, **dict(zip(("prepTime", "cookTime", "totalTime"), times, strict=True))})
