"""Filters of listings and bulk operations; they ignore case and come before any limit."""

from dataclasses import dataclass
from datetime import timedelta, tzinfo

from nextcloud_mcp_server.apps.calendar.edit import categories_of
from nextcloud_mcp_server.apps.calendar.expansion import Occurrence
from nextcloud_mcp_server.apps.calendar.people import attendees_of
from nextcloud_mcp_server.nextcloud.content_lines import Component


def words_of(text: str | None) -> list[str]:
    """The parts of a comma-separated filter, folded."""
    return [part.strip().casefold() for part in (text or "").split(",") if part.strip()]


def in_categories(item: Component, wanted: list[str]) -> bool:
    """Whether any wanted text stands in any category."""
    have = [name.casefold() for name in categories_of(item)]
    return not wanted or any(one in name for one in wanted for name in have)


def has_text(item: Component, name: str, part: str | None) -> bool:
    return not part or part.casefold() in (item.text(name) or "").casefold()


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """What an event must be like; None and empty ask for nothing."""

    title_contains: str | None = None
    location_contains: str | None = None
    categories: str | None = None
    status: str | None = None
    min_attendees: int | None = None
    min_duration_minutes: int | None = None

    def fits(self, one: Occurrence, here: tzinfo) -> bool:
        item = one.item
        status = (item.text("STATUS") or "CONFIRMED").upper()
        return (
            has_text(item, "SUMMARY", self.title_contains)
            and has_text(item, "LOCATION", self.location_contains)
            and in_categories(item, words_of(self.categories))
            and (not self.status or status == self.status)
            and len(attendees_of(item)) >= (self.min_attendees or 0)
            and self._long_enough(one, here)
        )

    def _long_enough(self, one: Occurrence, here: tzinfo) -> bool:
        start, end = one.instants(here)
        return end - start >= timedelta(minutes=self.min_duration_minutes or 0)
