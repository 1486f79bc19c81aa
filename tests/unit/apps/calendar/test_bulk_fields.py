"""A bulk update writes each of the values that it takes, and only that one."""

from typing import Any

import pytest

from nextcloud_mcp_server.apps.calendar.objects import CalendarObject
from nextcloud_mcp_server.apps.calendar.tools.bulk import nc_calendar_bulk_operations
from nextcloud_mcp_server.core.tools import Progress
from tests.unit.apps.calendar.test_filters import event
from tests.unit.apps.calendar.test_many_and_broken import Kept, kept

LINES = ("DTSTART:20270504T100000Z", "SUMMARY:Old", "DESCRIPTION:old", "LOCATION:old", "CATEGORIES:old", "PRIORITY:5", "X-OWN:kept")


@pytest.mark.parametrize(
    ("given", "gone", "there"),
    [
        ({"new_title": "New"}, "SUMMARY:Old", "SUMMARY:New"),
        ({"new_description": "New"}, "DESCRIPTION:old", "DESCRIPTION:New"),
        ({"new_location": "New"}, "LOCATION:old", "LOCATION:New"),
        ({"new_categories": "a,b"}, "CATEGORIES:old", "CATEGORIES:a,b"),
        ({"new_priority": 1}, "PRIORITY:5", "PRIORITY:1"),
        ({"new_reminder_minutes": 30}, None, "TRIGGER:-PT30M"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
async def test_the_value_is_written_and_everything_else_stays(
    given: dict[str, Any], gone: str | None, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[str] = []

    async def save(_: Kept, changed: CalendarObject, etag: str | None = None) -> int:
        saved.append(str(changed))
        return 204

    monkeypatch.setattr(Kept, "save", save)
    answer = await nc_calendar_bulk_operations(
        kept({"work": [event("1", *LINES)]}),
        Progress(),
        operation="update",
        calendar_name="work",
        title_contains="old",
        confirm=True,
        **given,
    )
    assert (answer.updated_count, answer.failed_count) == (1, 0)
    lines = saved[0].replace("\r\n", "\n").split("\n")
    assert there in lines
    assert {line for line in LINES if line not in lines} == ({gone} if gone else set())
