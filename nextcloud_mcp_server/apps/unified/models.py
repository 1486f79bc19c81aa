"""Hits of Nextcloud's own search."""

from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, field_validator


class Provider(BaseModel):
    """Something that can be searched."""

    id: str
    name: str = ""


class Entry(BaseModel):
    """A hit as its provider tells it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    title: str = ""
    subline: str = ""
    resourceUrl: str = ""
    attributes: dict[str, Any] = {}

    @field_validator("attributes", mode="before")
    @classmethod
    def _map(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


class Found(BaseModel):
    """What one provider found; `cursor` is where it goes on."""

    entries: list[Entry] = []
    isPaginated: bool = False
    cursor: int | str | None = None


class Hit(BaseModel):
    """A hit; `file_id` and `path` where it is a file."""

    provider: str
    title: str
    subline: str | None = None
    url: str
    file_id: int | None = None
    path: str | None = None


PROVIDERS = TypeAdapter(list[Provider])
FOUND = TypeAdapter(Found)
