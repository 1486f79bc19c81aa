"""The tools of shares on a Nextcloud."""

import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from nextcloud_mcp_server.core.errors import NextcloudError
from tests.contract.conftest import Place
from tests.support.assistant import Assistant, session


async def put(person: Assistant, method: str, path: str, content: bytes = b"") -> None:
    target = f"/remote.php/dav/files/{await person.session.uid()}/{quote(path)}"
    await person.session.request(method, target, what=path, data=content or None)


async def content(person: Assistant, path: str) -> str:
    target = f"/remote.php/dav/files/{await person.session.uid()}/{quote(path)}"
    return (await person.session.request("GET", target, what=path)).body.decode()


@pytest.fixture
async def folder(alice: Assistant, name: str) -> AsyncGenerator[str]:
    """A folder of alice with one file, `f & ü.txt`."""
    await put(alice, "MKCOL", name)
    await put(alice, "PUT", f"{name}/f & ü.txt", b"shared words")
    yield f"/{name}"
    with suppress(NextcloudError):
        await put(alice, "DELETE", name)


@pytest.fixture
async def bob_id(bob: Assistant) -> str:
    return await bob.session.uid()


async def result(person: Assistant, tool: str, /, **arguments: Any) -> Any:
    return json.loads((await person.call(tool, **arguments))["result"])


def day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


async def test_a_shared_file_is_there_for_the_other_person_and_gone_after_the_share_ends(
    alice: Assistant, bob: Assistant, folder: str, bob_id: str
) -> None:
    share = await result(alice, "nc_share_create", path=f"{folder}/f & ü.txt", share_with=bob_id)
    assert (share["share_type"], share["share_with"], share["permissions"]) == (0, bob_id, 1)
    assert (share["path"], share["item_type"], isinstance(share["id"], str)) == (f"{folder}/f & ü.txt", "file", True)
    received = [one for one in await result(bob, "nc_share_list", shared_with_me=True, limit=500) if one["id"] == share["id"]]
    assert [one["uid_owner"] for one in received] == [await alice.session.uid()]
    target = received[0]["path"]
    assert await content(bob, target) == "shared words"
    with pytest.raises(NextcloudError):
        await put(bob, "PUT", target, b"overwritten")
    ended = await result(alice, "nc_share_delete", share_id=int(share["id"]))
    assert ended["success"] is True
    with pytest.raises(NextcloudError):
        await content(bob, target)
    assert await content(alice, f"{folder}/f & ü.txt") == "shared words"


async def test_permissions_are_taken_as_numbers_names_and_lists(alice: Assistant, bob: Assistant, folder: str, bob_id: str) -> None:
    share = await result(alice, "nc_share_create", path=folder, share_with=bob_id, permissions="read, Update")
    assert share["permissions"] == 3
    share_id = int(share["id"])
    for given, stored in ((["read", "update", "create"], 7), ("31", 31), (17, 17), ("all", 31)):
        assert (await result(alice, "nc_share_update", share_id=share_id, permissions=given))["permissions"] == stored
    assert (await result(alice, "nc_share_get", share_id=share_id))["permissions"] == 31
    await put(bob, "PUT", f"{folder}/by bob.txt", b"hello")
    assert await content(alice, f"{folder}/by bob.txt") == "hello"


async def test_sharing_the_same_twice_says_so_and_changes_nothing(alice: Assistant, folder: str, bob_id: str) -> None:
    first = await result(alice, "nc_share_create", path=folder, share_with=bob_id, permissions=1)
    again = await alice.call("nc_share_create", path=folder, share_with=bob_id, permissions=31)
    assert "already" in again["message"]
    assert (json.loads(again["result"])["id"], json.loads(again["result"])["permissions"]) == (first["id"], 1)


async def test_a_group_share_reaches_its_members(alice: Assistant, bob: Assistant, folder: str) -> None:
    group = next(iter(set((await alice.session.person()).groups) & set((await bob.session.person()).groups)))
    share = await result(alice, "nc_share_create", path=folder, share_with=group, share_type=1, permissions="read")
    assert (share["share_type"], share["share_with"]) == (1, group)
    assert share["id"] in [one["id"] for one in await result(bob, "nc_share_list", shared_with_me=True, limit=500)]
    assert await content(bob, f"{folder}/f & ü.txt") == "shared words"


async def test_a_link_with_everything_never_shows_its_password(alice: Assistant, folder: str) -> None:
    made = await alice.call(
        "nc_share_create", path=folder, share_type="link", password="Very-Secret-77!", expire_date=day(5), label="For you", note="hi"
    )
    share = json.loads(made["result"])
    assert (share["expiration"], share["label"], share["note"], share["has_password"]) == (f"{day(5)} 00:00:00", "For you", "hi", True)
    share_id = int(share["id"])
    answers = [made, await alice.call("nc_share_get", share_id=share_id), await alice.call("nc_share_list", path=folder)]
    answers.append(await alice.call("nc_share_update", share_id=share_id, note="other"))
    for answer in answers:
        assert "argon" not in answer["result"]
        assert "$2y$" not in answer["result"]
        assert "Secret" not in answer["result"]
        assert '"has_password":true' in answer["result"]
    cleared = await result(alice, "nc_share_update", share_id=share_id, password="", expire_date="", label="")
    assert not {"has_password", "expiration", "label"} & cleared.keys()
    assert cleared["note"] == "other"


async def test_each_public_link_is_a_new_one(alice: Assistant, folder: str) -> None:
    links = [await result(alice, "nc_share_create", path=folder, share_type=3) for _ in range(2)]
    assert links[0]["url"] != links[1]["url"]
    assert {one["id"] for one in await result(alice, "nc_share_list", path=folder)} == {one["id"] for one in links}


async def test_a_public_link_lasts_to_the_end_of_its_day(alice: Assistant, folder: str) -> None:
    now = datetime.now((await alice.session.person()).zone)
    link = await alice.call("nc_share_create_public_link", path=f"{folder}/f & ü.txt")
    assert link["path"] == f"{folder}/f & ü.txt"
    assert link["download_url"] == f"{link['url']}/download"
    assert link["url"].endswith(link["token"])
    assert link["permissions"] & 1
    assert not link["permissions"] & (2 | 4 | 8)
    end = datetime.fromisoformat(link["expires_at"])
    assert (end.hour, end.minute) == (0, 0)
    assert timedelta(minutes=29) < end - now < timedelta(days=1, minutes=31)
    stored = await result(alice, "nc_share_get", share_id=link["share_id"])
    assert stored["expiration"] == f"{end.date()} 00:00:00"
    later = await alice.call("nc_share_create_public_link", path=folder, expires_in_minutes=3 * 24 * 60)
    assert (datetime.fromisoformat(later["expires_at"]) - end).days == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"share_type": 3, "expire_date": "2020-01-01"}, "2020-01-01 is not in the future"),
        ({"share_type": 3, "expire_date": "soon"}, "'soon' is not a date"),
        ({"share_type": 3, "permissions": "write"}, "'write' is no permission"),
        ({"share_type": 3, "permissions": 0}, "permissions 0 is out of range"),
        ({"share_type": 3, "permissions": 64}, "permissions 64 is out of range"),
        ({"share_type": 99, "share_with": "x"}, "Unknown share type"),
        ({"share_type": 3, "share_with": "bob"}, "Leave share_with out"),
        ({}, "share_with is required"),
    ],
)
async def test_a_wrong_value_is_named_and_nothing_is_shared(alice: Assistant, folder: str, arguments: dict[str, Any], said: str) -> None:
    assert said in await alice.error("nc_share_create", path=folder, **arguments)
    assert await result(alice, "nc_share_list", path=folder) == []


@pytest.mark.parametrize("minutes", [0, -5])
async def test_a_link_that_would_be_over_already_is_refused(alice: Assistant, folder: str, minutes: int) -> None:
    assert "expires_in_minutes" in await alice.error("nc_share_create_public_link", path=folder, expires_in_minutes=minutes)


async def test_an_update_into_the_past_changes_nothing(alice: Assistant, folder: str) -> None:
    share = await result(alice, "nc_share_create", path=folder, share_type=3, expire_date=day(3))
    share_id = int(share["id"])
    assert "not in the future" in await alice.error("nc_share_update", share_id=share_id, expire_date=day(-1), note="x")
    assert "Nothing to change" in await alice.error("nc_share_update", share_id=share_id)
    after = await result(alice, "nc_share_get", share_id=share_id)
    assert {key: value for key, value in after.items() if key != "mail_send"} == {k: v for k, v in share.items() if k != "mail_send"}


async def test_an_unknown_recipient_is_named_with_those_that_resemble_them(alice: Assistant, folder: str, bob_id: str) -> None:
    text = await alice.error("nc_share_create", path=folder, share_with=f"{bob_id}xq")
    assert f"'{bob_id}xq' is unknown" in text
    assert f"There is: {bob_id}" in text
    assert "is unknown" in await alice.error("nc_share_create", path=folder, share_with="no-such-group", share_type=1)


async def test_a_missing_path_or_share_is_named(alice: Assistant, name: str, bob_id: str) -> None:
    for tool, more in (
        ("create", {"share_with": bob_id}),
        ("create", {"share_type": 3}),
        ("create_public_link", {}),
        ("list", {}),
    ):
        assert f"/{name}-none" in await alice.error(f"nc_share_{tool}", path=f"/{name}-none", **more)
    for tool, more in (("get", {}), ("update", {"permissions": 1}), ("delete", {})):
        assert "Share 99999999" in await alice.error(f"nc_share_{tool}", share_id=99999999, **more)
    assert "'..'" in await alice.error("nc_share_create", path="/a/../../b", share_type=3)


async def test_the_recipient_may_leave_a_share_but_not_change_it(alice: Assistant, bob: Assistant, folder: str, bob_id: str) -> None:
    share_id = int((await result(alice, "nc_share_create", path=folder, share_with=bob_id, permissions=1))["id"])
    text = await bob.error("nc_share_update", share_id=share_id, permissions=31)
    assert "does not permit" in text
    assert (await result(alice, "nc_share_get", share_id=share_id))["permissions"] == 1
    await bob.call("nc_share_delete", share_id=share_id)
    assert await result(alice, "nc_share_list", path=folder) == []


async def test_nobody_sees_or_ends_a_share_between_others(alice: Assistant, bob: Assistant, folder: str) -> None:
    share_id = int((await result(alice, "nc_share_create", path=folder, share_type=3))["id"])
    for tool, more in (("get", {}), ("update", {"note": "mine"}), ("delete", {})):
        assert f"Share {share_id}" in await bob.error(f"nc_share_{tool}", share_id=share_id, **more)
    assert len(await result(alice, "nc_share_list", path=folder)) == 1


@pytest.mark.parametrize("count", [0, 25, 26])
async def test_a_listing_has_pages_of_25(alice: Assistant, folder: str, count: int) -> None:
    made = [(await result(alice, "nc_share_create", path=folder, share_type=3))["id"] for _ in range(count)]
    page = await alice.call("nc_share_list", path=folder)
    seen = [one["id"] for one in json.loads(page["result"])]
    assert (len(seen), page["total"], "next_cursor" in page) == (min(count, 25), count, count > 25)
    if count > 25:
        rest = await alice.call("nc_share_list", path=folder, cursor=page["next_cursor"])
        seen += [one["id"] for one in json.loads(rest["result"])]
        assert "next_cursor" not in rest
    assert sorted(seen) == sorted(made)


async def test_shares_reach_a_person_whose_login_name_is_not_their_id(place: Place, alice: Assistant, folder: str) -> None:
    if place.sandbox is None:
        pytest.skip("the real Nextcloud has no such account for tests")
    person = session(place.url, "carol@example.test", "carol")
    try:
        carol = Assistant(person)
        share = await result(alice, "nc_share_create", path=folder, share_with="carol-4f2a")
        assert [one["id"] for one in await result(carol, "nc_share_list", shared_with_me=True)] == [share["id"]]
        assert await content(carol, f"{folder}/f & ü.txt") == "shared words"
    finally:
        await person.transport.aclose()
