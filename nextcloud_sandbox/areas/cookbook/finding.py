"""Categories, keywords and searches of Cookbook."""

from collections import Counter
from urllib.parse import unquote_plus

from aiohttp import web

from nextcloud_sandbox.areas.cookbook.api import API, recipes_of, stubs
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.routing import Routes

routes = Routes("cookbook")


def words_of(keywords: str) -> list[str]:
    return [word for word in keywords.split(",") if word]


@routes.app("GET", API + "/categories")
async def categories(call: Call) -> web.StreamResponse:
    counts = Counter(recipe["recipeCategory"] for recipe in recipes_of(call).all())
    none = counts.pop("", 0)
    named = [{"name": name, "recipe_count": count} for name, count in sorted(counts.items())]
    return call.json([*named, {"name": "*", "recipe_count": none}])


@routes.app("GET", API + "/keywords")
async def keywords(call: Call) -> web.StreamResponse:
    counts = Counter(word for recipe in recipes_of(call).all() for word in words_of(recipe["keywords"]))
    return call.json([{"name": name, "recipe_count": count} for name, count in sorted(counts.items())])


@routes.app("GET", API + "/category/{category}")
async def in_category(call: Call) -> web.StreamResponse:
    wanted = unquote_plus(call.args["category"])
    return stubs(call, [recipe for recipe in recipes_of(call).all() if (recipe["recipeCategory"] or "_") == wanted])


@routes.app("PUT", API + "/category/{category}")
async def rename(call: Call) -> web.StreamResponse:
    values, recipes = await call.params(), recipes_of(call)
    name = values.text("name")
    if not name:
        return call.json("New category name not found in data", 400)
    for recipe in recipes.all():
        if (recipe["recipeCategory"] or "_") == unquote_plus(call.args["category"]):
            recipes.save({**recipe, "recipeCategory": name})
    return call.json(name)


@routes.app("GET", API + "/tags/{keywords}")
async def tagged(call: Call) -> web.StreamResponse:
    """Recipes without a category are left out."""
    wanted = set(unquote_plus(call.args["keywords"]).split(","))
    found = [one for one in recipes_of(call).all() if one["recipeCategory"] and wanted <= set(words_of(one["keywords"]))]
    return stubs(call, found)


@routes.app("GET", API + "/search/{query}")
async def search(call: Call) -> web.StreamResponse:
    """Recipes with any of the words in name, category or a keyword."""
    words = unquote_plus(call.args["query"]).lower().replace(",", " ").split()
    texts = [(recipe, f"{recipe['name']}\n{recipe['recipeCategory']}\n{recipe['keywords']}".lower()) for recipe in recipes_of(call).all()]
    return stubs(call, [recipe for recipe, text in texts if not words or any(word in text for word in words)])
