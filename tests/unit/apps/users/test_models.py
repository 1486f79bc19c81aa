"""What Nextcloud says of people, in the odd forms it has."""

from typing import Any

import pytest

from nextcloud_mcp_server.apps.users.models import ACCOUNT, Quota


@pytest.mark.parametrize(
    ("quota", "used", "total"),
    [
        ({"used": 5, "total": 10}, 5, 10),
        ({"used": 5.0, "total": -3}, 5, None),
        ({"used": 0, "total": None}, 0, None),
        ({}, 0, None),
    ],
)
def test_a_quota_without_a_limit_has_no_total(quota: dict[str, Any], used: int, total: int | None) -> None:
    assert Quota.model_validate(quota) == Quota(used=used, total=total)


def test_an_account_needs_nothing_but_its_id() -> None:
    account = ACCOUNT.validate_python({"id": "x", "email": None, "quota": None, "groups": [], "unknown": {"a": 1}})
    assert (account.displayname, account.timezone, account.quota) == ("", None, None)
