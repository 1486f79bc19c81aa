"""Recipes as files: each is a folder below the recipe folder with a recipe.json in it; its id is the folder's."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nextcloud_sandbox.areas.cookbook.filters import Recipe, applied, folder_name
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.tree.user import Entry, UserFiles

PICTURES = ("full.jpg", "thumb.jpg", "thumb16.jpg")
BLOCKS = ("preparation-time", "cooking-time", "total-time", "nutrition-information", "tools")


class NoName(Exception):
    """A recipe needs a name."""


class NameTaken(Exception):
    """Another recipe's folder has the name."""


class NoRecipe(Exception):
    """No folder has this id; Cookbook fails on it."""


@dataclass(slots=True)
class Config:
    """A user's settings. `update_interval` in minutes."""

    folder: str = "/Recipes"
    update_interval: int = 5
    print_image: bool = True
    visible: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(BLOCKS, True))


def config_of(sandbox: Sandbox, user: str) -> Config:
    return sandbox.slot("cookbook.config", dict[str, Config]).setdefault(user, Config())


class Recipes:
    """One user's recipes."""

    def __init__(self, sandbox: Sandbox, user: str) -> None:
        self.sandbox = sandbox
        self.files: UserFiles = sandbox.files(user)
        self.config = config_of(sandbox, user)

    @property
    def folder(self) -> str:
        path = "/" + self.config.folder.strip("/")
        if not self.files.exists(path):
            self.files.mkdir(path, parents=True)
        return path

    def now(self) -> str:
        return datetime.fromtimestamp(int(self.sandbox.now()), UTC).isoformat()

    def all(self) -> list[Recipe]:
        """All recipes by name."""
        found = [self._read(entry) for entry in self.files.children(self.folder) if entry.node.is_folder]
        return sorted((recipe for recipe in found if recipe), key=lambda recipe: str(recipe["name"]).lower())

    def get(self, recipe_id: int) -> Recipe | None:
        entry = self.files.by_id(recipe_id)
        inside = entry is not None and entry.path.startswith(self.folder + "/")
        return self._read(entry) if entry is not None and inside and entry.node.is_folder else None

    def _read(self, entry: Entry) -> Recipe | None:
        file = next((child for child in self.files.children(entry.path) if child.name.endswith(".json")), None)
        if file is None:
            return None
        return applied({**json.loads(file.node.content), "id": str(entry.node.id)})

    def save(self, data: Recipe) -> int:
        """Write a recipe, as a new one where `data` has no id: everything that it does not name is gone."""
        if not data.get("name"):
            raise NoName
        recipe = {**applied(data), "dateModified": self.now()}
        recipe["dateCreated"] = recipe["dateCreated"] or self.now()
        wanted = f"{self.folder}/{folder_name(recipe['name'])}"
        if not data.get("id"):
            recipe["dateCreated"] = self.now()
            if self.files.exists(wanted):
                raise NameTaken
            path = self.files.mkdir(wanted).path
        else:
            path = self._moved(int(data["id"]), wanted)
        self.files.write(f"{path}/recipe.json", json.dumps(recipe).encode())
        if not recipe["image"]:
            for picture in PICTURES:
                if self.files.exists(f"{path}/{picture}"):
                    self.files.delete(f"{path}/{picture}")
        if not self.files.exists(f"{path}/.nomedia"):
            self.files.write(f"{path}/.nomedia", b"")
        return self.files.get(path).node.id

    def _moved(self, recipe_id: int, wanted: str) -> str:
        entry = self.files.by_id(recipe_id)
        if entry is None or not entry.node.is_folder:
            raise NoRecipe
        if entry.path != wanted:
            if self.files.exists(wanted):
                raise NameTaken
            self.files.move(entry.path, wanted)
        return wanted

    def delete(self, node_id: int) -> None:
        """Whatever in the recipe folder has this id."""
        entry = self.files.by_id(node_id)
        if entry is not None and (entry.path + "/").startswith(self.folder + "/"):
            self.files.delete(entry.path)

    def picture(self, recipe_id: int) -> bytes | None:
        entry = self.files.by_id(recipe_id)
        file = self.files.find(f"{entry.path}/full.jpg") if entry else None
        return file.node.content if file else None


def stub(recipe: Recipe, image: str) -> dict[str, Any]:
    """A recipe in a listing; times have an offset without a colon."""
    number = int(recipe["id"])
    return {
        "recipe_id": number,
        "name": recipe["name"],
        "keywords": ",".join(sorted(filter(None, str(recipe["keywords"]).split(",")))) or None,
        "category": recipe["recipeCategory"] or None,
        "dateCreated": (recipe["dateCreated"] or "").replace("+00:00", "+0000"),
        "dateModified": (recipe["dateModified"] or "").replace("+00:00", "+0000"),
        "imageUrl": image,
        "imagePlaceholderUrl": f"{image.partition('?')[0]}?size=thumb16",
        "id": str(number),
    }
