"""Demo recipes."""

from nextcloud_sandbox.areas.cookbook.service import Recipes
from nextcloud_sandbox.core import Sandbox

DEMO = (
    ("Pancakes", "Breakfast", "sweet,quick", "PT10M", "PT15M", 2, ["200 g flour", "2 eggs", "300 ml milk"], ["Mix.", "Fry in butter."]),
    ("Lentil soup", "Soup", "vegan,batch cooking", "PT15M", "PT40M", 6, ["300 g lentils", "2 carrots", "1 onion"], ["Chop.", "Boil."]),
    ("Tomato salad", "Salad", "vegan,quick", "PT10M", None, 4, ["6 tomatoes", "1 red onion", "olive oil"], ["Slice.", "Dress."]),
    ("Rye bread", "Baking", "batch cooking", "PT20M", "PT1H", 12, ["500 g rye flour", "350 ml water", "sourdough"], ["Knead.", "Bake."]),
    ("Bob's chili", "Main course", "batch cooking,spicy", "PT20M", "PT1H30M", 6, ["400 g beans", "2 chilies"], ["Fry.", "Simmer."]),
)


def seed(sandbox: Sandbox) -> None:
    for number, (name, category, keywords, prep, cook, portions, ingredients, steps) in enumerate(DEMO):
        with sandbox.at(sandbox.now() - (number + 1) * 5 * 86_400):
            recipe = {"name": name, "recipeCategory": category, "keywords": keywords, "prepTime": prep, "cookTime": cook}
            recipe |= {"recipeYield": portions, "recipeIngredient": ingredients, "recipeInstructions": steps}
            Recipes(sandbox, "alice" if "Bob" not in name else "bob").save(recipe)
