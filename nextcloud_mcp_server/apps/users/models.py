"""Accounts and groups as the tools answer them."""

from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, field_validator

Kind = Literal["user", "group", "email", "federated", "team"]

SHARE_TYPES: dict[Kind, int] = {"user": 0, "group": 1, "email": 4, "federated": 6, "team": 7}
"""The number that Nextcloud's sharing has for each kind of recipient."""

SOURCES: dict[str, Kind] = {"users": "user", "groups": "group", "emails": "email", "remotes": "federated", "circles": "team"}


class Quota(BaseModel):
    """Bytes; a negative `total` of Nextcloud (no limit) is left out."""

    used: int = 0
    total: int | None = None

    @field_validator("used", "total", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return int(value) if isinstance(value, int | float) and value >= 0 else None if value is not None else value


class Account(BaseModel):
    """An account as `GET /cloud/user` describes it."""

    id: str
    displayname: str = ""
    email: str | None = None
    groups: list[str] = []
    language: str | None = None
    timezone: str | None = None
    quota: Quota | None = None


class Myself(BaseModel):
    """The person the tools act for."""

    user_id: str
    display_name: str
    email: str | None = None
    groups: list[str]
    language: str | None = None
    timezone: str
    quota_used: int | None = None
    quota_total: int | None = None
    url: str


class Suggestion(BaseModel):
    """A hit of Nextcloud's auto-completion."""

    id: str
    label: str = ""
    source: str = ""
    detail: str = Field("", alias="shareWithDisplayNameUnique")


class Person(BaseModel):
    """Somebody or some group to share with or to assign; `share_type` is what nc_share_create takes."""

    id: str
    kind: Kind
    display_name: str
    email: str | None = None
    share_type: int


ACCOUNT = TypeAdapter(Account)
SUGGESTIONS = TypeAdapter(list[Suggestion])
