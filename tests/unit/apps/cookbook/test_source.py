"""A recipe in words."""

from typing import Any

import pytest

from nextcloud_mcp_server.apps.cookbook.source import text_of

STEPS: list[tuple[Any, str]] = [
    (["Mix", "Fry"], "Mix\nFry"),
    ("Mix\nFry", "Mix\nFry"),
    ([{"@type": "HowToStep", "text": "Mix"}, {"name": "Fry"}], "Mix\nFry"),
    ([{"@type": "HowToSection", "name": "Dough", "itemListElement": [{"text": "Mix"}, {"text": "Fry"}]}], "Dough\nMix\nFry"),
]


@pytest.mark.parametrize(("steps", "said"), STEPS)
def test_steps_are_read_in_every_form_that_recipes_have(steps: Any, said: str) -> None:
    assert text_of({"name": "Pancakes", "recipeInstructions": steps}) == f"Pancakes\n\nSteps:\n{said}"


def test_facts_come_before_ingredients_and_times_are_said() -> None:
    text = text_of(
        {
            "name": "Pancakes",
            "description": "Fluffy",
            "recipeCategory": "Breakfast",
            "prepTime": "PT1H10M0S",
            "totalTime": "soon",
            "recipeYield": 2,
            "recipeIngredient": ["2 eggs", None, 3],
            "tool": [],
        }
    )
    assert text == "Pancakes\nCategory: Breakfast\nPreparation: 1 h 10 min\nServes: 2\n\nFluffy\n\nIngredients:\n- 2 eggs"
