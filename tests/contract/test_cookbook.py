"""The Cookbook tools on a Nextcloud."""

import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from nextcloud_mcp_server.apps.cookbook.resources import RESOURCES
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.nextcloud.session import Session, path_of
from nextcloud_mcp_server.server.binding import Call
from nextcloud_mcp_server.server.resources import Shelf, complete, read
from tests.contract.conftest import Place
from tests.support.assistant import Assistant, ToolFailed

FULL: dict[str, Any] = {
    "description": "Fluffy & good\n\nwith ümlauts",
    "ingredients": ["200 g flour", "2 eggs"],
    "instructions": ["Mix", "Fry"],
    "url": "https://example.org/pancakes?a=1&b=%20",
    "prep_time": "PT10M",
    "cook_time": "PT15M",
    "total_time": "PT25M",
    "recipe_yield": 2,
    "keywords": "sweet,quick",
}
READ = {
    "description": FULL["description"],
    "recipeIngredient": FULL["ingredients"],
    "recipeInstructions": FULL["instructions"],
    "url": FULL["url"],
    "prepTime": "PT0H10M0S",
    "cookTime": "PT0H15M0S",
    "totalTime": "PT0H25M0S",
    "recipeYield": 2,
    "keywords": "sweet,quick",
}


@pytest.fixture
async def recipe(alice: Assistant, name: str) -> AsyncGenerator[dict[str, Any]]:
    made = await alice.call("nc_cookbook_create_recipe", name=name, category=f"{name} cat", **FULL)
    yield made
    with suppress(ToolFailed):
        await alice.call("nc_cookbook_delete_recipe", recipe_id=made["id"])


def call_of(person: Assistant) -> Call:
    async def opened(_: Caller) -> Session:
        return person.session

    return Call(Caller("test", "person"), opened)


async def resource(person: Assistant, uri: str) -> Any:
    shelf = Shelf([person.surface.catalog.apps["cookbook"]], None)
    return orjson.loads((await read(shelf.find(uri), uri, call_of(person))).text)  # type: ignore[union-attr]


async def get(person: Assistant, made: dict[str, Any]) -> dict[str, Any]:
    return await person.call("nc_cookbook_get_recipe", recipe_id=made["id"])


async def test_a_new_recipe_reads_back_as_it_was_written(alice: Assistant, recipe: dict[str, Any], name: str) -> None:
    read = await get(alice, recipe)
    assert {key: read[key] for key in READ} == READ
    assert (read["name"], read["recipeCategory"], read["id"], read["@type"]) == (name, f"{name} cat", str(recipe["id"]), "Recipe")
    assert read["etag"] == recipe["etag"]
    assert read["recipe_url"].endswith(f"/index.php/apps/cookbook/#/recipe/{recipe['id']}")
    assert "note" not in recipe


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"description": "new"}, {"description": "new"}),
        ({"description": ""}, {"description": ""}),
        ({"ingredients": []}, {"recipeIngredient": []}),
        ({"instructions": ["One", "Two", "Three"]}, {"recipeInstructions": ["One", "Two", "Three"]}),
        ({"prep_time": "PT1H"}, {"prepTime": "PT1H0M0S"}),
        ({"cook_time": ""}, {"cookTime": None}),
        ({"recipe_yield": 7}, {"recipeYield": 7}),
        ({"category": ""}, {"recipeCategory": ""}),
        ({"keywords": ""}, {"keywords": ""}),
        ({"url": ""}, {"url": ""}),
    ],
)
async def test_an_update_changes_only_the_named_field(
    alice: Assistant, recipe: dict[str, Any], change: dict[str, Any], shown: dict[str, Any]
) -> None:
    before = await get(alice, recipe)
    saved = await alice.call("nc_cookbook_update_recipe", recipe_id=recipe["id"], **change)
    after = await get(alice, recipe)
    volatile = {"etag", "dateModified", "timestamp", *shown}
    assert {key: after.get(key) for key in shown} == shown
    assert {k: v for k, v in after.items() if k not in volatile} == {k: v for k, v in before.items() if k not in volatile}
    assert saved["etag"] == after["etag"] != before["etag"]


async def test_properties_that_the_tools_do_not_know_survive_an_update(alice: Assistant, recipe: dict[str, Any]) -> None:
    """Nutrition, tools and whatever another program wrote into the recipe's file."""
    whole = await get(alice, recipe)
    foreign = {"nutrition": {"@type": "NutritionInformation", "calories": "300 kcal"}, "tool": ["pan"], "myField": {"deep": [1, "x"]}}
    path = f"/index.php/apps/cookbook/api/v1/recipes/{recipe['id']}"
    body = {key: value for key, value in whole.items() if key not in ("etag", "success", "timestamp", "untrusted", "recipe_url")}
    await alice.session.request("PUT", path, what="the recipe", json={**body, **foreign})
    await alice.call("nc_cookbook_update_recipe", recipe_id=recipe["id"], recipe_yield=9)
    after = await get(alice, recipe)
    assert {key: after[key] for key in foreign} == foreign
    assert (after["recipeYield"], after["dateCreated"]) == (9, whole["dateCreated"])


async def test_a_renamed_recipe_keeps_its_id(alice: Assistant, recipe: dict[str, Any], name: str) -> None:
    saved = await alice.call("nc_cookbook_update_recipe", recipe_id=recipe["id"], name=f"{name}: new & #1?")
    assert (saved["id"], saved["name"]) == (recipe["id"], f"{name}: new & #1?")
    found = await alice.call("nc_cookbook_search_recipes", query=name)
    assert [stub["recipe_id"] for stub in found["recipes"]] == [recipe["id"]]


async def test_a_taken_name_is_refused_and_changes_nothing(alice: Assistant, recipe: dict[str, Any], name: str) -> None:
    other = await alice.call("nc_cookbook_create_recipe", name=f"{name} 2", description="second")
    for text in (
        await alice.error("nc_cookbook_create_recipe", name=name),
        await alice.error("nc_cookbook_update_recipe", recipe_id=other["id"], name=name, description="lost"),
    ):
        assert name in text
        assert "Another recipe with that name already exists" in text
        assert ".php" not in text
    assert (await get(alice, other))["description"] == "second"
    await alice.call("nc_cookbook_delete_recipe", recipe_id=other["id"])


async def test_a_stale_etag_changes_and_deletes_nothing(alice: Assistant, recipe: dict[str, Any]) -> None:
    newer = await alice.call("nc_cookbook_update_recipe", recipe_id=recipe["id"], etag=recipe["etag"], description="newer")
    for tool, more in (("update", {"description": "lost"}), ("delete", {})):
        text = await alice.error(f"nc_cookbook_{tool}_recipe", recipe_id=recipe["id"], etag=recipe["etag"], **more)
        assert "modified by someone else" in text
        assert newer["etag"] in text
    assert (await get(alice, recipe))["description"] == "newer"


@pytest.mark.parametrize(
    "wrong",
    [
        {"prep_time": "a while"},
        {"description": "bake <10 min"},
        {"url": "example.org"},
        {"name": " "},
        {"instructions": ["<script>x</script>"]},
        {},
    ],
)
async def test_what_cookbook_would_lose_is_refused_before_anything_changes(
    alice: Assistant, recipe: dict[str, Any], wrong: dict[str, Any]
) -> None:
    before = await get(alice, recipe)
    await alice.error("nc_cookbook_update_recipe", recipe_id=recipe["id"], **wrong)
    assert (await get(alice, recipe))["etag"] == before["etag"]


async def test_a_value_that_cookbook_stores_otherwise_is_told(alice: Assistant, recipe: dict[str, Any]) -> None:
    saved = await alice.call("nc_cookbook_update_recipe", recipe_id=recipe["id"], description="back\\slash", category="a/b")
    assert saved["note"] == "Cookbook stored another form of: description, recipeCategory."


async def test_a_recipe_whose_picture_would_be_deleted_is_not_changed(alice: Assistant, recipe: dict[str, Any], name: str) -> None:
    folder = (await resource(alice, "cookbook://config"))["folder"]
    path = f"/remote.php/dav/files/{path_of(await alice.session.uid())}{path_of(folder)}/{path_of(name)}/"
    for picture in ("full.jpg", "thumb.jpg", "thumb16.jpg"):
        await alice.session.request("PUT", path + picture, what="the picture", data=b"\xff\xd8\xff\xe0picture")
    text = await alice.error("nc_cookbook_update_recipe", recipe_id=recipe["id"], description="x")
    assert "picture" in text
    assert (await alice.session.request("GET", path + "full.jpg", what="the picture")).body.endswith(b"picture")


async def test_a_deleted_recipe_is_gone_and_comes_back_from_the_trash(alice: Assistant, recipe: dict[str, Any], name: str) -> None:
    deleted = await alice.call("nc_cookbook_delete_recipe", recipe_id=recipe["id"])
    assert (deleted["deleted_id"], deleted["status_code"]) == (recipe["id"], 200)
    assert "nc_webdav_restore_trash" in deleted["message"]
    assert f"Recipe {recipe['id']} not found" in await alice.error("nc_cookbook_get_recipe", recipe_id=recipe["id"])
    trash = (await alice.call("nc_webdav_list_trash", limit=500))["results"]
    (item,) = [one for one in trash if one["path"].endswith(f"/{name}")]
    await alice.call("nc_webdav_restore_trash", trash_id=item["trash_id"])
    await alice.call("nc_cookbook_reindex")
    found = (await alice.call("nc_cookbook_search_recipes", query=name))["recipes"]
    assert [stub["name"] for stub in found] == [name]
    assert (await get(alice, {"id": found[0]["recipe_id"]}))["description"] == FULL["description"]
    await alice.call("nc_cookbook_delete_recipe", recipe_id=found[0]["recipe_id"])


async def test_deleting_what_is_no_recipe_is_an_error(alice: Assistant) -> None:
    for tool, more in (("delete", {}), ("update", {"description": "x"}), ("get", {})):
        assert "Recipe 999999 not found" in await alice.error(f"nc_cookbook_{tool}_recipe", recipe_id=999999, **more)


async def test_a_recipe_is_found_by_words_category_and_keywords(alice: Assistant, name: str) -> None:
    """Also without a category, which Cookbook's own search by keywords leaves out, and with signs that addresses give a meaning."""
    one = await alice.call("nc_cookbook_create_recipe", name=f"{name} one", category=f"{name} & 50%+", keywords=f"{name} k, shared {name}")
    two = await alice.call("nc_cookbook_create_recipe", name=f"{name} two", keywords=f"shared {name}")
    found: dict[str, list[int]] = {}
    for label, tool, arguments in (
        ("word", "search_recipes", {"query": f"{name.upper()} TWO"}),
        ("any", "search_recipes", {"query": name}),
        ("category", "get_recipes_in_category", {"category": f"{name} & 50%+"}),
        ("none", "get_recipes_in_category", {"category": "_", "limit": 500}),
        ("keyword", "get_recipes_with_keywords", {"keywords": [f"shared {name}"]}),
        ("both", "get_recipes_with_keywords", {"keywords": [f"shared {name}", f"{name} k"]}),
    ):
        answer = await alice.call(f"nc_cookbook_{tool}", **arguments)
        found[label] = [stub["recipe_id"] for stub in answer["recipes"]]
        assert answer.get("total_found", answer.get("total_count")) == len(found[label])
    first, second = one["id"], two["id"]
    assert (found["word"], found["category"], found["both"]) == ([second], [first], [first])
    assert set(found["any"]) == set(found["keyword"]) == {first, second}
    assert second in found["none"]
    assert first not in found["none"]
    categories = {c["name"]: c["recipe_count"] for c in (await alice.call("nc_cookbook_list_categories", limit=500))["categories"]}
    assert categories[f"{name} & 50%+"] == 1
    assert categories["*"] >= 1
    keywords = {k["name"]: k["recipe_count"] for k in (await alice.call("nc_cookbook_list_keywords", limit=500))["keywords"]}
    assert (keywords[f"shared {name}"], keywords[f"{name} k"]) == (2, 1)
    for made in (one, two):
        await alice.call("nc_cookbook_delete_recipe", recipe_id=made["id"])


@pytest.mark.parametrize("count", [0, 25, 26])
async def test_recipes_are_listed_in_pages_of_25(alice: Assistant, name: str, count: int) -> None:
    made = [(await alice.call("nc_cookbook_create_recipe", name=f"{name} {n:02}", category=name))["id"] for n in range(count)]
    page = await alice.call("nc_cookbook_get_recipes_in_category", category=name)
    seen = [stub["recipe_id"] for stub in page["recipes"]]
    assert (seen, page["total_count"]) == (made[:25], count)
    if "next_cursor" in page:
        rest = await alice.call("nc_cookbook_get_recipes_in_category", category=name, cursor=page["next_cursor"])
        seen += [stub["recipe_id"] for stub in rest["recipes"]]
    assert seen == made
    for one in made:
        await alice.call("nc_cookbook_delete_recipe", recipe_id=one)


async def test_a_listing_says_what_one_chooses_by(alice: Assistant, recipe: dict[str, Any], name: str) -> None:
    listed = await alice.call("nc_cookbook_list_recipes", limit=500)
    (stub,) = [one for one in listed["recipes"] if one["recipe_id"] == recipe["id"]]
    assert (stub["id"], stub["name"], stub["category"]) == (str(recipe["id"]), name, f"{name} cat")
    assert sorted(stub["keywords"].split(",")) == ["quick", "sweet"]
    assert stub["dateCreated"]
    assert f"/recipes/{recipe['id']}/image" in stub["imageUrl"]
    assert listed["total_count"] == len(listed["recipes"])


async def test_nobody_reads_changes_or_deletes_another_persons_recipe(
    alice: Assistant, bob: Assistant, recipe: dict[str, Any], name: str
) -> None:
    for tool, more in (("get", {}), ("update", {"description": "mine"}), ("delete", {})):
        assert "not found" in await bob.error(f"nc_cookbook_{tool}_recipe", recipe_id=recipe["id"], **more)
    assert (await bob.call("nc_cookbook_search_recipes", query=name))["recipes"] == []
    assert (await get(alice, recipe))["description"] == FULL["description"]


async def test_the_same_name_serves_two_people(alice: Assistant, bob: Assistant, recipe: dict[str, Any], name: str) -> None:
    hers = await bob.call("nc_cookbook_create_recipe", name=name, description="of bob")
    assert (await get(bob, hers))["description"] == "of bob"
    assert (await get(alice, recipe))["description"] == FULL["description"]
    await bob.call("nc_cookbook_delete_recipe", recipe_id=hers["id"])


@pytest.mark.parametrize("url", ["ftp://example.org/x", "http://127.0.0.1/x", "http://[::1]/x", "http://localhost:8080/x", "example.org"])
async def test_an_address_that_cookbook_refuses_is_refused_with_the_reason(alice: Assistant, url: str) -> None:
    assert url in (text := await alice.error("nc_cookbook_import_recipe", url=url))
    assert "host name" in text


async def test_a_page_that_cannot_be_read_is_an_error_that_teaches(alice: Assistant) -> None:
    text = await alice.error("nc_cookbook_import_recipe", url="http://nothing.invalid/recipe")
    assert "no recipe at http://nothing.invalid/recipe" in text
    assert "nc_cookbook_create_recipe" in text
    assert "Exception" not in text


async def test_a_recipe_is_imported_once(place: Place, alice: Assistant, name: str) -> None:
    if place.sandbox is None:
        pytest.skip("a Nextcloud does not import from addresses inside its own network")
    soup = {"@context": "https://schema.org", "@type": "Recipe", "name": name, "recipeYield": "4 servings", "prepTime": "PT10M"}
    pages = {"/soup": f'<script type="application/ld+json">{json.dumps(soup)}</script>', "/nothing": "<p>no recipe</p>"}

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=pages[request.path], content_type="text/html")

    app = web.Application()
    app.router.add_get("/{page}", page)
    async with TestServer(app, host="127.0.0.1") as server:
        url = str(server.make_url("")).rstrip("/").replace("127.0.0.1", "recipes.localhost")
        done = await alice.call("nc_cookbook_import_recipe", url=f"{url}/soup")
        assert (done["recipe"]["name"], done["recipe"]["recipeYield"], done["recipe"]["url"]) == (name, 4, f"{url}/soup")
        again = await alice.error("nc_cookbook_import_recipe", url=f"{url}/soup")
        assert "has the name of one that exists" in again
        assert "no recipe at" in await alice.error("nc_cookbook_import_recipe", url=f"{url}/nothing")
    assert (await get(alice, {"id": int(done["recipe_id"])}))["prepTime"] == "PT0H10M0S"
    await alice.call("nc_cookbook_delete_recipe", recipe_id=int(done["recipe_id"]))


async def test_settings_are_changed_one_by_one(alice: Assistant) -> None:
    async def config() -> Any:
        return await resource(alice, "cookbook://config")

    before = await config()
    try:
        answer = await alice.call("nc_cookbook_set_config", print_image=not before["print_image"])
        assert (answer["status_code"], answer["message"]) == (200, "Changed: print_image.")
        assert await config() == {**before, "print_image": not before["print_image"]}
    finally:
        await alice.call("nc_cookbook_set_config", print_image=before["print_image"], update_interval=before["update_interval"])
    assert await config() == before
    for wrong in ({}, {"folder": ""}, {"update_interval": 0}):
        await alice.error("nc_cookbook_set_config", **wrong)
    assert await config() == before


async def test_version_settings_and_recipes_can_be_read_by_uri(alice: Assistant, recipe: dict[str, Any], name: str) -> None:
    version = await resource(alice, "cookbook://version")
    assert version["api_version"]["major"] == 1
    assert version["cookbook_version"]
    assert (await resource(alice, "cookbook://config"))["folder"].startswith("/")
    read_by_uri = await resource(alice, f"nc://Cookbook/{recipe['id']}")
    assert (read_by_uri["name"], read_by_uri["recipeIngredient"]) == (name, FULL["ingredients"])
    (by_id,) = [one for one in RESOURCES if "{recipe_id}" in one.uri]
    offered = await complete(by_id, "recipe_id", str(recipe["id"]), call_of(alice))
    assert str(recipe["id"]) in offered
