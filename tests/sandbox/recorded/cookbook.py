"""Recordings of the Cookbook API."""

import json

from nextcloud_sandbox.core import Sandbox
from tests.sandbox.replay import Plan

SOUP = {
    "@context": "http://schema.org",
    "@type": "Recipe",
    "name": "Tomato Soup",
    "description": "Simple soup",
    "recipeYield": 4,
    "prepTime": "PT10M",
    "cookTime": "PT30M",
    "totalTime": "PT40M",
    "recipeIngredient": ["1 kg tomatoes", "1 onion"],
    "recipeInstructions": ["Chop.", "Boil."],
    "recipeCategory": "Soup",
    "keywords": "tomato,soup",
    "tool": ["pot"],
    "nutrition": {"@type": "NutritionInformation", "calories": "100 kcal"},
}


async def page(url: str) -> str:
    """The pages that the recorded Nextcloud could reach."""
    return "<html></html>" if "norecipe" in url else f'<script type="application/ld+json">{json.dumps(SOUP)}</script>'


def setup(sandbox: Sandbox) -> None:
    sandbox.volatile["cookbook.fetch"] = page


PLAN = Plan("cookbook", setup=setup)
