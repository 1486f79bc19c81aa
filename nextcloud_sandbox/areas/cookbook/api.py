"""The REST API of Cookbook, version 1."""

from typing import Any

from aiohttp import web

from nextcloud_sandbox.areas.cookbook.filters import Recipe
from nextcloud_sandbox.areas.cookbook.importing import Fetch, NotRead, allowed, fetch, recipe_in
from nextcloud_sandbox.areas.cookbook.service import NameTaken, NoName, NoRecipe, Recipes, stub
from nextcloud_sandbox.calls import Call, html, reply
from nextcloud_sandbox.routing import Routes

routes = Routes("cookbook")
API = "/apps/cookbook/api/v1"
SERVICE = "/var/www/html/custom_apps/cookbook/lib/Service/RecipeService.php"
TAKEN = {"msg": "Another recipe with that name already exists", "file": SERVICE, "line": 248}
NAMELESS = {"msg": "No recipe name was given. A unique name is required to store the recipe.", "file": SERVICE, "line": 207}


def recipes_of(call: Call) -> Recipes:
    return Recipes(call.sandbox, call.uid)


def picture_url(call: Call, recipe: Recipe, query: str) -> str:
    return f"{call.sandbox.prefix}/apps/cookbook/webapp/recipes/{recipe['id']}/image?{query}"


def stubs(call: Call, found: list[Recipe], *, dated: bool = True) -> web.Response:
    """Found recipes; a search adds the time of the picture to its address."""
    moment = f"t={int(call.sandbox.now())}&" if dated else ""
    return call.json([stub(recipe, picture_url(call, recipe, f"{moment}size=thumb")) for recipe in found])


@routes.app("GET", "/apps/cookbook/api/version")
async def version(call: Call) -> web.StreamResponse:
    return call.json({"cookbook_version": [0, 11, 9], "api_version": {"epoch": 0, "major": 1, "minor": 2}})


@routes.app("GET", API + "/config")
async def config(call: Call) -> web.StreamResponse:
    kept = recipes_of(call).config
    data = {"folder": kept.folder, "update_interval": kept.update_interval, "print_image": kept.print_image}
    return call.json({**data, "visibleInfoBlocks": kept.visible})


@routes.app("POST", API + "/config")
async def set_config(call: Call) -> web.StreamResponse:
    values, kept = await call.params(), recipes_of(call).config
    if values.get("folder") is not None:
        kept.folder = "/" + values.text("folder").strip("/")
    kept.update_interval = values.integer("update_interval", kept.update_interval)
    kept.print_image = values.flag("print_image", kept.print_image)
    return call.json("OK")


@routes.app("POST", API + "/reindex")
async def reindex(call: Call) -> web.StreamResponse:
    return call.json("Search index rebuilt successfully")


@routes.app("GET", API + "/recipes")
async def listing(call: Call) -> web.StreamResponse:
    return stubs(call, recipes_of(call).all(), dated=False)


@routes.app("GET", API + "/recipes/{id:\\d+}")
async def get(call: Call) -> web.StreamResponse:
    recipes = recipes_of(call)
    recipe = recipes.get(int(call.args["id"]))
    if recipe is None:
        return call.json(int(call.args["id"]), 404)
    recipe["nutrition"] = {"@type": "NutritionInformation", **recipe["nutrition"]}
    return call.json({**recipe, "printImage": recipes.config.print_image, "imageUrl": picture_url(call, recipe, "size=full")})


@routes.app("POST", API + "/recipes")
async def create(call: Call) -> web.StreamResponse:
    return save(call, dict(await call.params()))


@routes.app("PUT", API + "/recipes/{id:\\d+}")
async def update(call: Call) -> web.StreamResponse:
    """The id of the address is ignored: without one in the body this makes a new recipe."""
    body: Any = await call.request.json()
    return save(call, body)


def save(call: Call, data: Recipe) -> web.Response:
    try:
        return call.json(recipes_of(call).save(data))
    except NoName:
        return call.json(NAMELESS, 422)
    except NameTaken:
        return call.json(TAKEN, 409)
    except NoRecipe:
        return html(500, "<html><body>Internal Server Error</body></html>")


@routes.app("DELETE", API + "/recipes/{id:\\d+}")
async def delete(call: Call) -> web.StreamResponse:
    recipes_of(call).delete(int(call.args["id"]))
    return call.json(f"Recipe {call.args['id']} deleted successfully")


@routes.app("GET", API + "/recipes/{id:\\d+}/image")
async def picture(call: Call) -> web.StreamResponse:
    found = recipes_of(call).picture(int(call.args["id"]))
    if found is not None:
        return reply(200, found, "image/jpeg", {"Cache-Control": "public, max-age=604800"})
    if "svg" in call.header("Accept"):
        return reply(200, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
    return call.json({"msg": "No image with the matching MIME type was found on the server."}, 406)


@routes.app("POST", API + "/import")
async def import_page(call: Call) -> web.StreamResponse:
    """`volatile["cookbook.fetch"]` may answer instead of the web."""
    values, recipes = await call.params(), recipes_of(call)
    url = values.text("url")
    if "url" not in values:
        return call.json('Field "url" is required', 400)
    if not allowed(url):
        return call.json("The provided URL is not allowed.", 400)
    load: Fetch = call.sandbox.volatile.get("cookbook.fetch", fetch)
    try:
        made = recipes.save({**recipe_in(await load(url)), "url": url})
    except NameTaken:
        return call.json(TAKEN, 409)
    except NotRead as error:
        return call.json(str(error), 400)
    return call.json(recipes.get(made))
