"""What Cookbook says of recipes, and what the tools answer. Names are schema.org's (https://schema.org/Recipe)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, field_validator

Recipe = dict[str, Any]
"""A whole recipe as Cookbook gives it, with whatever properties its file holds."""


class Stub(BaseModel):
    """A recipe in a listing; `keywords` is comma text, times are ISO 8601."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str = ""
    recipe_id: int
    name: str = ""
    category: str | None = None
    keywords: str | None = None
    dateCreated: str | None = None
    dateModified: str | None = None
    imageUrl: str = ""
    imagePlaceholderUrl: str = ""

    @property
    def keyword_list(self) -> list[str]:
        return [word.strip() for word in (self.keywords or "").split(",") if word.strip()]


class Count(BaseModel):
    """A category or keyword and how many recipes have it; `*` stands for no category."""

    name: str
    recipe_count: int = 0

    @field_validator("name", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value


class SavedRecipe(BaseModel):
    """A recipe after a change; `note` names what Cookbook stored in another form."""

    id: int
    name: str
    etag: str
    recipe_url: str
    note: str | None = None


class Imported(BaseModel):
    """A recipe that was read from a web page."""

    recipe_id: str
    recipe: Recipe


class Done(BaseModel):
    """What was done; `deleted_id` after a deletion."""

    status_code: int = 200
    message: str
    deleted_id: int | None = None


STUBS = TypeAdapter(list[Stub])
COUNTS = TypeAdapter(list[Count])
RECIPE = TypeAdapter(Recipe)
ID = TypeAdapter(int)
