"""Who is asking, as Nextcloud tells it."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, TypeAdapter


class Person(BaseModel):
    """Who Nextcloud says is asking (`GET /ocs/v2.php/cloud/user`)."""

    id: str
    display_name: str = Field("", alias="display-name")
    email: str | None = None
    language: str | None = None
    timezone: str | None = None
    groups: list[str] = []

    @property
    def zone(self) -> ZoneInfo:
        """The person's time zone; UTC where Nextcloud names none or one that does not exist."""
        try:
            return ZoneInfo(self.timezone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


PERSON = TypeAdapter(Person)
