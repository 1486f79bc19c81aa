"""Notifications as Nextcloud keeps them."""

from pydantic import BaseModel, ConfigDict, TypeAdapter


class Notification(BaseModel):
    """What waits for the person; `datetime` is ISO 8601, `link` a page."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    notification_id: int
    app: str = ""
    datetime: str = ""
    subject: str = ""
    message: str = ""
    link: str = ""
    object_type: str = ""
    object_id: str = ""


class Dismissed(BaseModel):
    """What was dismissed, since it cannot be brought back."""

    deleted_id: int
    subject: str
    message: str = "Dismissed for good."


NOTIFICATION = TypeAdapter(Notification)
NOTIFICATIONS = TypeAdapter(list[Notification])
