"""Entries of the activity log."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from nextcloud_mcp_server.nextcloud.ocs import as_map

Text = Annotated[str, BeforeValidator(lambda value: value or "")]


class Event(BaseModel):
    """Something that happened; `datetime` is ISO 8601, `user` who did it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    activity_id: int
    app: str = ""
    type: str = ""
    user: str = ""
    subject: str = ""
    message: Text = ""
    object_type: Text = ""
    object_id: Annotated[int, BeforeValidator(lambda value: value or 0)] = 0
    object_name: Text = ""
    objects: Annotated[dict[str, str], BeforeValidator(as_map)] = Field({}, exclude=True)
    link: Text = ""
    datetime: str = ""


class Filter(BaseModel):
    """A part of the log."""

    id: str


EVENTS = TypeAdapter(list[Event])
FILTERS = TypeAdapter(list[Filter])
