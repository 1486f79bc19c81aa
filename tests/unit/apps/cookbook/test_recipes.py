"""What of a recipe is sent, refused, kept and found."""

from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.cookbook.models import Stub
from nextcloud_mcp_server.apps.cookbook.recipes import (
    ADDED,
    duration,
    etag_of,
    given,
    in_category,
    matching,
    replacement,
    same_version,
    stored_otherwise,
    with_keywords,
)
from nextcloud_mcp_server.core.errors import Changed, InvalidValue

VALUES = (
    st.none()
    | st.text()
    | st.integers(-(2**63), 2**63 - 1)
    | st.lists(st.text(), max_size=3)
    | st.dictionaries(st.text(), st.text(), max_size=2)
)
RECIPES = st.dictionaries(st.text(min_size=1), VALUES, max_size=8)
STUBS = [
    Stub(recipe_id=1, id="1", name="Tomato Soup", category="Soup", keywords="vegan,batch cooking"),
    Stub(recipe_id=2, id="2", name="Soup of the Day", category="Daily", keywords=None),
    Stub(recipe_id=3, id="3", name="Éclair", category=None, keywords="Sweet,vegan"),
]


@drawn(RECIPES, RECIPES)
def test_a_change_touches_the_named_properties_only(recipe: dict[str, Any], changes: dict[str, Any]) -> None:
    body = replacement(recipe, changes)
    assert {name: body[name] for name in changes} == changes
    assert {name: value for name, value in body.items() if name not in changes} == {
        name: value for name, value in recipe.items() if name not in changes and name not in ADDED
    }


def test_what_nextcloud_adds_to_an_answer_is_not_written_into_the_recipe() -> None:
    assert replacement({"name": "a", "imageUrl": "x", "printImage": True, "custom": {"b": 1}}, {}) == {"name": "a", "custom": {"b": 1}}


@drawn(RECIPES, st.text(min_size=1), VALUES)
def test_the_etag_follows_every_property(recipe: dict[str, Any], name: str, value: Any) -> None:
    changed = {**recipe, name: value}
    assert (etag_of(changed) == etag_of(recipe)) is (name in ADDED or (name in recipe and recipe[name] == value))


def test_the_etag_does_not_follow_settings_of_the_person() -> None:
    assert etag_of({"name": "a", "printImage": True}) == etag_of({"printImage": False, "name": "a"})


def test_another_etag_is_a_change_by_someone_else_and_tells_the_current_one() -> None:
    recipe = {"name": "a"}
    for right in (None, "", etag_of(recipe), f'"{etag_of(recipe)}"'):
        same_version(right, recipe, "Recipe 1")
    with pytest.raises(Changed) as caught:
        same_version("stale", recipe, "Recipe 1")
    assert caught.value.etag == etag_of(recipe)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("PT15M", "PT0H15M0S"),
        ("pt1h30m", "PT1H30M0S"),
        ("PT90M", "PT1H30M0S"),
        ("P1DT2H", "PT26H0M0S"),
        (" PT45S ", "PT0H0M45S"),
        ("P2D", "PT48H0M0S"),
        ("", ""),
    ],
)
def test_a_duration_takes_the_form_that_cookbook_keeps(text: str, stored: str) -> None:
    assert duration(text) == stored


@pytest.mark.parametrize("text", ["15", "15 minutes", "PT", "P", "PT1.5H", "P1M", "1:30", "PT15M or so"])
def test_a_duration_that_cookbook_would_drop_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="not a duration"):
        given({"prepTime": text})


@pytest.mark.parametrize("text", ["bake <10 min", "<b>fat</b>", "a<!-- b", "x </p>"])
def test_text_that_cookbook_would_remove_as_html_is_refused(text: str) -> None:
    for fields in ({"description": text}, {"recipeIngredient": ["salt", text]}):
        with pytest.raises(InvalidValue, match="as if it were HTML"):
            given(fields)


def test_a_lonely_less_than_sign_is_fine() -> None:
    assert given({"description": "a < b", "url": "", "name": None}) == {"description": "a < b", "url": ""}


@pytest.mark.parametrize("fields", [{"name": " "}, {"url": "example.org"}, {"url": "ftp://example.org/x"}])
def test_an_empty_name_and_an_address_without_scheme_are_refused(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidValue):
        given(fields)


def test_what_was_stored_in_another_form_is_named() -> None:
    asked = {"name": "a", "keywords": "x, y", "recipeInstructions": ["one", " "], "description": "kept", "recipeYield": 2}
    stored = {"name": "a", "keywords": "x,y", "recipeInstructions": ["one"], "description": "ke", "recipeYield": 2, "prepTime": None}
    assert stored_otherwise(asked, stored) == "Cookbook stored another form of: description."
    assert stored_otherwise({"prepTime": ""}, stored) is None


def test_a_category_is_found_in_any_case_and_none_by_its_signs() -> None:
    assert [stub.recipe_id for stub in in_category(STUBS, "SOUP")] == [1]
    for none in ("_", "*", ""):
        assert [stub.recipe_id for stub in in_category(STUBS, none)] == [3]


def test_every_keyword_must_be_there_also_without_a_category() -> None:
    assert [stub.recipe_id for stub in with_keywords(STUBS, ["VEGAN"])] == [1, 3]
    assert [stub.recipe_id for stub in with_keywords(STUBS, ["vegan", "batch cooking"])] == [1]
    assert [stub.recipe_id for stub in with_keywords(STUBS, ["vegan,sweet"])] == [3]
    assert with_keywords(STUBS, ["veg"]) == []


def test_a_search_prefers_all_words_and_words_in_the_name() -> None:
    assert [stub.recipe_id for stub in matching(STUBS, "soup")] == [2, 1]
    assert [stub.recipe_id for stub in matching(STUBS, "soup vegan")] == [1]
    assert [stub.recipe_id for stub in matching(STUBS, "éCLAIR nothing")] == [3]
    assert matching(STUBS, "pizza") == []
