"""Recipes for background sync: the list names every recipe with the time of its last change."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, cast

from nextcloud_mcp_server.apps.cookbook.client import Cookbook
from nextcloud_mcp_server.apps.cookbook.models import Recipe, Stub
from nextcloud_mcp_server.core.documents import Document, Listing, Stamp
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.reach import Reached, reach, readable
from nextcloud_mcp_server.nextcloud.session import Session

MIME = "text/markdown"
PEOPLE = 1000
TIMES = {"prepTime": "Preparation", "cookTime": "Cooking", "totalTime": "In all"}
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


@dataclass
class _Versions:
    """The versions that the last list told, by credential."""

    by_credential: dict[str, dict[int, str]] = field(default_factory=dict[str, dict[int, str]])


@dataclass(frozen=True)
class CookbookSource:
    """Ids are the file ids of the recipes' folders. Without state: each listing is the whole one."""

    session: Session
    doc_type: str = "recipe"
    scope: str = "cookbook:read"

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        """One request."""
        stubs = await self._listed()
        return Listing([Stamp(str(stub.recipe_id), _version(stub), _when(stub.dateModified)) for stub in stubs], {})

    async def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        """One request each (Cookbook gives one recipe at a time), and one to know whose they are.

        Versions are those of the list, which the recipe itself may tell in another form. One that the list lacks is asked for all
        the same: a list can be wrong.
        """
        numbers = [int(id) for id in ids if id.isdecimal()]
        versions = self.session.cache.shelf(_Versions).by_credential.get(self.session.credential.key)
        if versions is None or not versions.keys() >= set(numbers):
            versions = {stub.recipe_id: _version(stub) for stub in await self._listed()}
        where = await reach(self.session, numbers)
        for number in numbers:
            try:
                recipe = await Cookbook(self.session).get(number)
            except NotFound:
                continue
            yield _document(number, versions.get(number, ""), recipe, where.get(number))

    async def _listed(self) -> Sequence[Stub]:
        stubs = await Cookbook(self.session).stubs()
        shelf = self.session.cache.shelf(_Versions).by_credential
        shelf.pop(self.session.credential.key, None)
        shelf[self.session.credential.key] = {stub.recipe_id: _version(stub) for stub in stubs}
        while len(shelf) > PEOPLE:
            del shelf[next(iter(shelf))]
        return stubs

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        """Asked of Files: who reads the folder reads the recipe."""
        return await readable(self.session, ids)

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        return self.session.link(f"/apps/cookbook/#/recipe/{id}")


def _version(stub: Stub) -> str:
    said = repr((stub.dateModified, stub.name, stub.category, stub.keywords))
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _when(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text or ""))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _document(number: int, version: str, recipe: Recipe, where: Reached | None) -> Document:
    text = text_of(recipe)
    return Document(
        id=str(number),
        version=version,
        title=str(recipe.get("name") or ""),
        text=text,
        mime_type=MIME,
        size=len(text),
        modified=_when(recipe.get("dateModified")),
        tags=tuple(word.strip() for word in str(recipe.get("keywords") or "").split(",") if word.strip()),
        readers=where.readers | {where.owner} if where else frozenset(),
        owner=where.owner if where else None,
    )


def text_of(recipe: Recipe) -> str:
    """Name, description, facts, ingredients, tools and steps."""
    facts = [
        ("Category", recipe.get("recipeCategory")),
        ("Keywords", recipe.get("keywords")),
        *((label, _spoken(str(recipe.get(name) or ""))) for name, label in TIMES.items()),
        ("Serves", recipe.get("recipeYield")),
        ("Source", recipe.get("url")),
    ]
    parts = [
        "\n".join([str(recipe.get("name") or ""), *(f"{label}: {value}" for label, value in facts if value)]),
        str(recipe.get("description") or ""),
        _listed("Ingredients", _texts(recipe.get("recipeIngredient")), "- "),
        _listed("Tools", _texts(recipe.get("tool")), "- "),
        _listed("Steps", _texts(recipe.get("recipeInstructions")), ""),
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _listed(label: str, texts: Iterator[str], mark: str) -> str:
    lines = [f"{mark}{text}" for text in texts]
    return "\n".join([f"{label}:", *lines]) if lines else ""


def _texts(value: Any) -> Iterator[str]:
    """Texts, also of schema.org's HowToStep and HowToSection."""
    if isinstance(value, str):
        yield from (line.strip() for line in value.splitlines() if line.strip())
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _texts(one)
    elif isinstance(value, dict):
        step = cast("dict[str, Any]", value)
        yield from _texts(step.get("text") or step.get("name"))
        yield from _texts(step.get("itemListElement"))


def _spoken(duration: str) -> str:
    """`PT1H30M` as `1 h 30 min`."""
    found = _DURATION.fullmatch(duration)
    parts = zip(found.groups() if found else (), ("h", "min", "s"), strict=False)
    return " ".join(f"{int(number)} {unit}" for number, unit in parts if number and int(number))
