"""Accounts and groups as the tools answer them."""

from typing import Annotated, Any, Literal

from pydantic import AliasPath, BaseModel, BeforeValidator, Field, TypeAdapter

Kind = Literal["user", "group", "email", "federated", "team"]

SHARE_TYPES: dict[Kind, int] = {"user": 0, "group": 1, "email": 4, "federated": 6, "team": 7}
"""The number that Nextcloud's sharing has for each kind of recipient."""

SOURCES: dict[str, Kind] = {"users": "user", "groups": "group", "emails": "email", "remotes": "federated", "circles": "team"}


def _bytes(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and value >= 0 else None


Bytes = Annotated[int | None, BeforeValidator(_bytes)]
Filled = Annotated[str | None, BeforeValidator(lambda value: value or None)]


class Myself(BaseModel):
    """The person the tools act for, read from `GET /cloud/user`. Quotas in bytes; Nextcloud's negative total, no limit, is left out."""

    user_id: str = Field(validation_alias="id")
    display_name: str = Field("", validation_alias="displayname")
    email: Filled = None
    groups: list[str] = []
    language: Filled = None
    timezone: Annotated[str, BeforeValidator(lambda value: value or "UTC")] = "UTC"
    quota_used: Bytes = Field(None, validation_alias=AliasPath("quota", "used"))
    quota_total: Bytes = Field(None, validation_alias=AliasPath("quota", "total"))
    url: str = ""


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


MYSELF = TypeAdapter(Myself)
SUGGESTIONS = TypeAdapter(list[Suggestion])
