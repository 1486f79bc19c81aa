"""What people tell about themselves."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter

Availability = Annotated[
    Literal["online", "away", "dnd", "busy", "invisible", "offline"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]


class Status(BaseModel):
    """A person's status; `clear_at` (ISO 8601, UTC) is when the message goes by itself."""

    user_id: str = Field(validation_alias="userId")
    status: str = "offline"
    message: str | None = None
    icon: str | None = None
    clear_at: datetime | None = Field(None, validation_alias="clearAt")


STATUS = TypeAdapter(Status)
