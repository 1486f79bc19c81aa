"""The tools of people on a Nextcloud."""

import pytest

from tests.contract.conftest import Place
from tests.support.assistant import Assistant, session


async def test_a_person_is_told_who_they_are(alice: Assistant, bob: Assistant) -> None:
    for person in (alice, bob):
        me = await person.call("nc_users_whoami")
        assert me["user_id"] == await person.session.uid()
        assert me["timezone"]
        assert isinstance(me["groups"], list)
        assert me["url"].endswith("/index.php/settings/user")


async def test_a_colleague_is_found_with_what_sharing_needs(alice: Assistant, bob: Assistant) -> None:
    wanted = await bob.session.person()
    for query in (wanted.id, wanted.id.upper(), wanted.display_name):
        people = (await alice.call("nc_users_find_people", query=query))["people"]
        found = [one for one in people if one["id"] == wanted.id]
        assert [(one["kind"], one["display_name"], one["share_type"]) for one in found] == [("user", wanted.display_name, 0)]


async def test_nobody_is_an_empty_list(alice: Assistant) -> None:
    found = await alice.call("nc_users_find_people", query="qqxzvkwjy")
    assert found["people"] == []
    assert "next_cursor" not in found


async def test_groups_are_found_by_themselves(alice: Assistant) -> None:
    group = (await alice.call("nc_users_whoami"))["groups"][0]
    people = (await alice.call("nc_users_find_people", query=group, kinds=["Group"]))["people"]
    assert ("group", 1) in [(one["kind"], one["share_type"]) for one in people if one["id"] == group]
    assert {one["kind"] for one in people} == {"group"}


async def test_pages_hold_everybody_once(alice: Assistant) -> None:
    everybody = [one["id"] for one in (await alice.call("nc_users_find_people", kinds=["user"], limit=500))["people"]]
    seen: list[str] = []
    cursor = None
    while True:
        page = await alice.call("nc_users_find_people", kinds=["user"], limit=1, cursor=cursor)
        seen += [one["id"] for one in page["people"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert seen == everybody
    assert len(seen) == len(set(seen)) >= 1


async def test_an_unknown_kind_is_refused_with_those_that_exist(alice: Assistant) -> None:
    text = await alice.error("nc_users_find_people", kinds=["robot"])
    assert "'robot'" in text
    assert "'group'" in text


async def test_a_person_whose_login_name_is_not_their_id_is_told_the_id(place: Place) -> None:
    if place.sandbox is None:
        pytest.skip("the real Nextcloud has no such account for tests")
    person = session(place.url, "carol@example.test", "carol")
    try:
        me = await Assistant(person).call("nc_users_whoami")
        assert (me["user_id"], me["email"]) == ("carol-4f2a", "carol@example.test")
        found = (await place.alice.call("nc_users_find_people", query="carol"))["people"]
        assert [one["id"] for one in found] == ["carol-4f2a"]
    finally:
        await person.transport.aclose()
