"""Whom a request is served as."""

import pytest

from nextcloud_sandbox.server import Running
from tests.sandbox.person import Person, files

USER = "/ocs/v2.php/cloud/user?format=json"
NOTES = "/index.php/apps/notes/api/v1/notes"


async def cookies_of(person: Person) -> str:
    return (await person.ask("GET", USER)).cookies


@pytest.mark.parametrize("password", ["", "wrong"])
async def test_a_session_beats_credentials_even_wrong_ones(alice: Person, bob: Person, password: str) -> None:
    cookie = await cookies_of(alice)
    mixed = bob.as_("bob", password)
    assert (await mixed.ask("GET", USER, Cookie=cookie)).ocs["id"] == "alice"
    listed = await mixed.ask("PROPFIND", files(""), Depth="0", Cookie=cookie)
    assert b"getetag" in listed.body
    assert (await mixed.ask("GET", NOTES, Cookie=cookie)).headers["x-user-id"] == "alice"


async def test_app_apis_without_the_ocs_header_look_at_credentials_alone(alice: Person, bob: Person) -> None:
    cookie = await cookies_of(alice)
    assert (await bob.ask("GET", NOTES, Cookie=cookie, OCS_APIRequest="")).headers["x-user-id"] == "bob"


async def test_such_a_call_ends_the_session(alice: Person) -> None:
    cookie = await cookies_of(alice)
    nobody = alice.as_(None)
    assert (await nobody.ask("GET", NOTES, Cookie=cookie)).status == 200
    refused = await nobody.ask("GET", NOTES, Cookie=cookie, OCS_APIRequest="")
    assert (refused.status, refused.json()) == (401, {"message": "CORS requires basic auth"})
    assert (await nobody.ask("GET", USER, Cookie=cookie)).status == 401


async def test_an_unknown_session_leaves_the_credentials_in_force(bob: Person, box: Running) -> None:
    cookie = f"{box.sandbox.data.instance_id}=0123456789abcdef"
    assert (await bob.ask("GET", USER, Cookie=cookie)).ocs["id"] == "bob"


async def test_no_cookie_means_no_session(alice: Person, bob: Person) -> None:
    assert await cookies_of(alice)
    assert (await bob.ask("GET", USER)).ocs["id"] == "bob"


async def test_an_app_password_works_with_the_login_name_it_was_made_for_only(alice: Person, box: Running) -> None:
    token = box.sandbox.new_app_password("carol-4f2a", login_name="carol@example.test").token
    assert (await alice.as_("carol@example.test", token).ask("GET", USER)).ocs["id"] == "carol-4f2a"
    assert (await alice.as_("carol-4f2a", token).ask("GET", USER)).status == 401
    assert (await alice.as_("alice", token).ask("GET", USER)).status == 401


async def test_people_log_in_with_id_or_mail_address(alice: Person) -> None:
    for login in ("carol-4f2a", "Carol-4F2A", "carol@example.test"):
        assert (await alice.as_(login, "carol").ask("GET", USER)).ocs["id"] == "carol-4f2a"
    made = (await alice.as_("carol@example.test", "carol").ask("GET", "/ocs/v2.php/core/getapppassword?format=json")).ocs["apppassword"]
    assert (await alice.as_("carol@example.test", made).ask("GET", USER)).status == 200
    assert (await alice.as_("carol@example.test", made).ask("PROPFIND", files("", "carol-4f2a"))).status == 207


async def test_a_bearer_is_an_app_password(alice: Person, box: Running) -> None:
    bearer = alice.as_("", box.sandbox.new_app_password("bob").token, "Bearer")
    assert (await bearer.ask("GET", USER, OCS_APIRequest="")).ocs["id"] == "bob"
    assert (await bearer.ask("PROPFIND", files("", "bob"), Depth="0")).status == 207
    assert (await bearer.ask("GET", NOTES)).status == 200
    assert (await bearer.ask("GET", NOTES, OCS_APIRequest="")).json() == {"message": "CORS requires basic auth"}
    assert (await alice.as_("", "made-up", "Bearer").ask("GET", USER)).status == 401


async def test_a_revoked_app_password_ends_its_sessions(alice: Person, box: Running) -> None:
    person = alice.as_("bob", box.sandbox.new_app_password("bob").token)
    cookie = await cookies_of(person)
    assert (await person.ask("DELETE", "/ocs/v2.php/core/apppassword")).status == 200
    assert (await alice.as_(None).ask("GET", USER, Cookie=cookie)).status == 401
    assert (await person.ask("GET", USER)).status == 401


async def test_ocs_with_basic_but_without_its_header_fails_the_csrf_check(alice: Person) -> None:
    refused = await alice.ask("GET", USER, OCS_APIRequest="")
    assert (refused.status, refused.json()) == (412, {"message": "CSRF check failed"})


async def test_wrong_credentials_look_as_each_api_makes_them(alice: Person) -> None:
    wrong = alice.as_("alice", "wrong")
    assert (await wrong.ask("GET", USER)).json()["ocs"]["meta"]["statuscode"] == 997
    assert (await wrong.ask("GET", NOTES)).json() == {"message": ""}
    refused = await wrong.ask("GET", files("x.txt"))
    assert refused.status == 401
    assert b"NotAuthenticated" in refused.body
    page = await wrong.ask("GET", NOTES, Accept="text/html")
    assert "text/html" in page.headers["content-type"]


async def test_a_removed_account_is_nobody(alice: Person, admin: Person, box: Running) -> None:
    token = box.sandbox.new_app_password("bob").token
    assert (await admin.ask("DELETE", "/ocs/v2.php/cloud/users/bob")).status == 200
    assert (await alice.as_("bob", token).ask("GET", USER)).status == 401
    assert (await alice.as_("bob", "bob").ask("GET", USER)).status == 401
