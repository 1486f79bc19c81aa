"""Reminders of files."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter


class Due(BaseModel):
    """What Nextcloud says of a file's reminder."""

    dueDate: datetime | None = None


class Reminder(BaseModel):
    """When the person is reminded of a file (ISO 8601, UTC); no `due`: never."""

    path: str
    file_id: int
    due: datetime | None = None
    message: str | None = None


DUE: TypeAdapter[Any] = TypeAdapter(Due)
