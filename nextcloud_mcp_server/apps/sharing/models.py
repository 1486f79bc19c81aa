"""Shares as Nextcloud's OCS Share API describes them, without what must not be told."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter

from nextcloud_mcp_server.core.untrusted import clean

USER, GROUP, LINK, EMAIL, REMOTE, TEAM, ROOM, DECK = 0, 1, 3, 4, 6, 7, 10, 12
TYPE_NAMES = {"user": USER, "group": GROUP, "link": LINK, "email": EMAIL, "federated": REMOTE, "team": TEAM, "talk": ROOM, "deck": DECK}
PERMISSIONS = {"read": 1, "update": 2, "create": 4, "delete": 8, "share": 16}

_LISTED = (
    "id",
    "share_type",
    "share_with",
    "share_with_displayname",
    "permissions",
    "path",
    "item_type",
    "uid_owner",
    "displayname_owner",
    "url",
    "token",
    "expiration",
    "note",
    "label",
    "file_source",
    "has_password",
)

_WORDS = frozenset({"note", "label", "share_with_displayname", "displayname_owner"})
"""What other people wrote and nobody writes back."""

Share = dict[str, Any]
SHARE = TypeAdapter(Share)
SHARES = TypeAdapter(list[Share])


class Told(BaseModel):
    """The answer's one field, JSON as text: a share, a list of shares, or what became of one; `message` says what is special."""

    result: str
    message: str | None = None
    next_cursor: str | None = None
    total: int | None = None


class PublicLink(BaseModel):
    """A new public link. `expires_at` is the moment it stops working, with the offset of the person's time zone."""

    path: str
    share_id: int
    url: str
    download_url: str
    token: str | None = None
    permissions: int
    expires_at: str | None = None
    message: str | None = None


def told(value: Any, **also: Any) -> Told:
    return Told(result=json.dumps(value, ensure_ascii=False, separators=(",", ":")), **also)


def whole(record: Mapping[str, Any]) -> Share:
    """A share's record without nulls, empty texts and password hashes (links carry theirs in `share_with` too)."""
    secret = ("password", "share_with") if str(record.get("share_type")) == str(LINK) else ("password",)
    shown = {key: value for key, value in record.items() if key not in secret and value is not None and value != ""}
    if "id" in shown:
        shown["id"] = str(shown["id"])
    return {**shown, "has_password": True} if record.get("password") else shown


def listed(record: Mapping[str, Any]) -> Share:
    """What one chooses a share by; the rest is in nc_share_get."""
    shown = whole(record)
    return {key: clean(shown[key]) if key in _WORDS and isinstance(shown[key], str) else shown[key] for key in _LISTED if key in shown}
