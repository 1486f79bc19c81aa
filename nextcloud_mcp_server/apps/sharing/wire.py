"""What an assistant says of permissions, kinds and days, as the Share API takes it; pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from nextcloud_mcp_server.core.errors import InvalidValue

ALL = 31


def mask(value: int | str, names: Mapping[str, int]) -> int:
    """A bit mask from a number, a name, or names separated by commas. Raises InvalidValue."""
    if isinstance(value, int):
        found = value
    elif isinstance(value, str) and value.strip().isdecimal():
        found = int(value)
    else:
        found = 0
        for part in (one.strip().lower() for one in value.replace("+", ",").split(",")):
            if part not in names and part != "all":
                raise InvalidValue(f"{part[:40]!r} is no permission.", candidates=(*names, "all"))
            found |= names.get(part, ALL)
    if not 1 <= found <= ALL:
        raise InvalidValue(f"permissions {found} is out of range.", hint="Add up 1 read, 2 update, 4 create, 8 delete, 16 share.")
    return found


def stop_day(text: str, today: date) -> str:
    """A day to stop sharing, checked: Nextcloud ends a share at the beginning of it. An empty text stays. Raises InvalidValue."""
    if not text.strip():
        return ""
    try:
        day = date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise InvalidValue(f"expire_date {text[:40]!r} is not a date.", hint="Write YYYY-MM-DD.") from None
    if day <= today:
        raise InvalidValue(
            f"expire_date {day} is not in the future.",
            hint=f"A share stops at 00:00 of that day, so {today + timedelta(days=1)} is the first that is possible. Nothing was shared.",
        )
    return day.isoformat()


def midnight_after(now: datetime, minutes: int) -> datetime:
    """The first midnight that leaves at least `minutes`, in the zone of `now`: Nextcloud only knows days."""
    day = (now + timedelta(minutes=minutes)).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
