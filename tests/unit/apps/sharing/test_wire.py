"""Permissions, days and records of shares."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.sharing.client import rooted
from nextcloud_mcp_server.apps.sharing.models import PERMISSIONS, listed, whole
from nextcloud_mcp_server.apps.sharing.wire import mask, midnight_after, stop_day
from nextcloud_mcp_server.core.errors import InvalidValue

HASH = "3|$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQ$aGFzaA"
LINK: dict[str, Any] = {
    "id": 30,
    "share_type": 3,
    "uid_owner": "alice",
    "permissions": 17,
    "path": "/a",
    "item_type": "folder",
    "share_with": HASH,
    "password": HASH,
    "url": "https://x.test/s/abc",
    "token": "abc",
    "note": "",
    "expiration": None,
    "attributes": None,
    "storage_id": "home::alice",
}


@given(st.sets(st.sampled_from(sorted(PERMISSIONS)), min_size=1))
def test_names_and_numbers_of_permissions_mean_the_same(names: set[str]) -> None:
    total = sum(PERMISSIONS[name] for name in names)
    forms: list[int | str] = [total, str(total), ",".join(names), "+".join(names).upper()]
    assert [mask(form, PERMISSIONS) for form in forms] == [total] * len(forms)


@pytest.mark.parametrize("wrong", [0, 32, -1, "write", "", "read;update", "read,4"])
def test_a_permission_that_does_not_exist_is_refused(wrong: int | str) -> None:
    with pytest.raises(InvalidValue):
        mask(wrong, PERMISSIONS)


@pytest.mark.parametrize(
    ("text", "day"), [("2027-01-02", "2027-01-02"), (" 2027-01-02T10:00:00Z ", "2027-01-02"), ("", ""), ("2026-06-16", "2026-06-16")]
)
def test_a_day_to_stop_is_sent_as_a_date(text: str, day: str) -> None:
    assert stop_day(text, date(2026, 6, 15)) == day


@pytest.mark.parametrize("text", ["2026-06-15", "2020-01-01", "tomorrow", "2026-13-01", "01.02.2027"])
def test_a_day_that_is_over_or_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        stop_day(text, date(2026, 6, 15))


@pytest.mark.parametrize(
    ("now", "minutes", "end"),
    [
        (datetime(2026, 6, 15, 12, 0, tzinfo=UTC), 30, "2026-06-16T00:00:00+00:00"),
        (datetime(2026, 6, 15, 23, 45, tzinfo=UTC), 30, "2026-06-17T00:00:00+00:00"),
        (datetime(2026, 6, 15, 12, 0, tzinfo=ZoneInfo("Europe/Berlin")), 24 * 60, "2026-06-17T00:00:00+02:00"),
    ],
)
def test_a_link_lives_to_the_midnight_after_its_last_minute(now: datetime, minutes: int, end: str) -> None:
    assert midnight_after(now, minutes).isoformat() == end


def test_the_hash_of_a_password_is_in_no_form_of_a_share() -> None:
    for shown in (whole(LINK), listed(LINK)):
        assert HASH not in str(shown)
        assert shown["has_password"] is True
        assert shown["id"] == "30"
    assert "attributes" not in whole(LINK)
    by_mail = {**LINK, "share_type": 4, "share_with": "a@b.test"}
    assert (whole(by_mail)["share_with"], "password" in whole(by_mail)) == ("a@b.test", False)
    assert "has_password" not in whole({**LINK, "password": None, "share_with": None})


def test_a_listing_leaves_out_what_nobody_chooses_by() -> None:
    assert "storage_id" in whole(LINK)
    assert "storage_id" not in listed(LINK)


def test_words_that_others_wrote_are_cleaned_in_a_listing_and_a_path_stays() -> None:
    hidden = "sec\u202eret"
    shown = listed({**LINK, "note": f"Hi {hidden}", "label": 7, "path": f"/{hidden}"})
    assert (shown["note"], shown["label"], shown["path"]) == ("Hi secret", 7, f"/{hidden}")


@pytest.mark.parametrize(("path", "from_root"), [("a/b", "/a/b"), ("/a//b/", "/a/b"), ("", "/"), ("./ä & #?", "/ä & #?")])
def test_a_path_starts_at_the_root(path: str, from_root: str) -> None:
    assert rooted(path) == from_root


def test_a_path_out_of_the_root_is_refused() -> None:
    with pytest.raises(InvalidValue):
        rooted("a/../../b")
