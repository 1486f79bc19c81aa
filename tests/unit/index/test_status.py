"""The status says why somebody's changes are not followed."""

import pytest

from nextcloud_mcp_server.index.state import Schedule
from nextcloud_mcp_server.index.status import behind

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule(NOW + 300, 300), None),
        (Schedule(NOW + 300, 300, failures=3), None),
        (Schedule(NOW + 300, 300, not_before=NOW - 1), None),
        (Schedule(NOW + 900, 300, 1, not_before=NOW + 900), "it is not asked for changes before 2023-11-14 22:28:20 UTC"),
        (Schedule(NOW + 300, 300, 1, refused_at=NOW - 3600), "Since 2023-11-14 21:13:20 UTC Nextcloud refuses"),
    ],
)
def test_the_status_says_why_changes_are_not_followed(schedule: Schedule, said: str | None) -> None:
    told = behind(schedule, NOW)
    assert told is None if said is None else said in (told or "")
