"""What a partial change of a card becomes on the wire; pure.

Deck's PUT replaces a card and empties what is left out, moves it to whatever stack the address names and reopens it when `done`
is not repeated (https://deck.readthedocs.io/en/latest/API/).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from nextcloud_mcp_server.apps.deck.models import Card
from nextcloud_mcp_server.core.errors import Changed, InvalidValue
from nextcloud_mcp_server.nextcloud.answers import bare_etag


def replacement(card: Card, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The whole card for a PUT: `changes` over what it holds now.

    None keeps a field, an empty text clears it. `archived` goes along only to change it: Deck refuses to archive an archived card.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    if given.get("archived") == card.archived:
        del given["archived"]
    kept = {
        "title": card.title,
        "type": card.type,
        "owner": card.owner,
        "order": card.order,
        "description": card.description or "",
        "duedate": card.duedate,
        "done": card.done,
    }
    return {**kept, **given, **{name: None for name in ("duedate", "done") if given.get(name) == ""}}


def same_version(etag: str | None, current: str | None, what: str) -> None:
    """Raises Changed where `etag` is given and is not the current one; Deck itself ignores If-Match."""
    if etag and bare_etag(etag) != bare_etag(current):
        raise Changed(f"{what} was modified by someone else.", etag=current)


def is_naive(text: str | None) -> bool:
    """Whether a time says no offset, so that the person's time zone is needed to understand it."""
    return bool(text) and _parsed(text or "").tzinfo is None


def in_utc(text: str | None, zone: tzinfo = UTC) -> str | None:
    """An ISO 8601 date or time as Deck writes it: UTC, to the second. Empty and None stay; `zone` is for times without an offset."""
    if not text:
        return text
    moment = _parsed(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return aware.astimezone(UTC).isoformat(timespec="seconds")


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidValue(f"{text[:40]!r} is not a date or time.", hint="Write it as 2026-12-24 or 2026-12-24T10:00:00+01:00.") from None
