"""Entries of the activity log."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator


class Event(BaseModel):
    """Something that happened; `datetime` is ISO 8601, `user` who did it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    activity_id: int
    app: str = ""
    type: str = ""
    user: str = ""
    subject: str = ""
    message: str = ""
    object_type: str = ""
    object_id: int = 0
    object_name: str = ""
    objects: dict[str, str] = Field({}, exclude=True)
    link: str = ""
    datetime: str = ""

    @field_validator("objects", mode="before")
    @classmethod
    def _map(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]

    @field_validator("object_id", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return value or 0

    @field_validator("object_type", "object_name", "message", "link", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return value or ""


class Filter(BaseModel):
    """A part of the log."""

    id: str


EVENTS = TypeAdapter(list[Event])
FILTERS = TypeAdapter(list[Filter])
