"""What Nextcloud says of people, in the odd forms it has."""

from typing import Any

import pytest

from nextcloud_mcp_server.apps.users.models import MYSELF


@pytest.mark.parametrize(
    ("quota", "used", "total"),
    [
        ({"used": 5, "total": 10}, 5, 10),
        ({"used": 5.0, "total": -3}, 5, None),
        ({"used": 0, "total": None}, 0, None),
        ({"used": "none", "total": []}, None, None),
        ({}, None, None),
        ([], None, None),
        (None, None, None),
        ("default", None, None),
    ],
)
def test_a_quota_without_a_limit_has_no_total(quota: Any, used: int | None, total: int | None) -> None:
    me = MYSELF.validate_python({"id": "x", "quota": quota})
    assert (me.quota_used, me.quota_total) == (used, total)


def test_an_account_needs_nothing_but_its_id() -> None:
    me = MYSELF.validate_python({"id": "x", "email": "", "language": None, "timezone": None, "groups": [], "unknown": {"a": 1}})
    assert (me.user_id, me.email, me.language, me.timezone) == ("x", None, None, "UTC")
