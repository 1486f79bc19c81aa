"""Shares, beyond what was recorded."""

import base64
from typing import Any

import pytest

from nextcloud_sandbox.server import Running
from tests.sandbox.person import Person, files

API = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json"
ONE = "/ocs/v2.php/apps/files_sharing/api/v1/shares/{}?format=json"


@pytest.fixture
async def folder(alice: Person) -> str:
    await alice.ask("MKCOL", files("Plans"))
    await alice.ask("PUT", files("Plans/a.txt"), b"content")
    return "/Plans"


async def share(person: Person, path: str, status: int = 200, **values: Any) -> dict[str, Any]:
    answer = await person.ask("POST", API, data={"path": path, **values})
    assert answer.status == status, answer.body
    return answer.ocs


def of_bob(path: str) -> str:
    return f"/remote.php/dav/files/bob/{path}"


async def test_a_shared_folder_is_in_the_other_tree_with_its_permissions(alice: Person, bob: Person, folder: str) -> None:
    made = await share(alice, folder, shareType=0, shareWith="bob", permissions=1)
    assert (await bob.ask("GET", of_bob("Plans/a.txt"))).body == b"content"
    assert (await bob.ask("PUT", of_bob("Plans/a.txt"), b"x")).status == 403
    assert (await alice.ask("PUT", ONE.format(made["id"]), data={"permissions": 15})).status == 200
    assert (await bob.ask("PUT", of_bob("Plans/b.txt"), b"from bob")).status == 201
    assert (await alice.ask("GET", files("Plans/b.txt"))).body == b"from bob"
    assert (await alice.ask("DELETE", ONE.format(made["id"]))).status == 200
    assert (await bob.ask("GET", of_bob("Plans/a.txt"))).status == 404


async def test_a_taken_name_gets_a_number(alice: Person, bob: Person, folder: str) -> None:
    await bob.ask("MKCOL", of_bob("Plans"))
    made = await share(alice, folder, shareType=0, shareWith="bob")
    assert made["file_target"] == "/Plans (2)"
    assert (await bob.ask("GET", of_bob("Plans%20(2)/a.txt"))).body == b"content"


async def test_a_recipient_who_deletes_the_mounted_folder_leaves_the_share(alice: Person, bob: Person, folder: str) -> None:
    made = await share(alice, folder, shareType=0, shareWith="bob")
    assert (await bob.ask("DELETE", of_bob("Plans"))).status == 204
    assert (await alice.ask("GET", ONE.format(made["id"]))).status == 404
    assert (await alice.ask("GET", files("Plans/a.txt"))).body == b"content"


async def test_a_member_who_leaves_a_group_share_leaves_it_to_the_others(box: Running, alice: Person, bob: Person, folder: str) -> None:
    box.sandbox.groups["team"] = ["alice", "bob", "carol-4f2a"]
    made = await share(alice, folder, shareType=1, shareWith="team")
    carol = alice.as_("carol-4f2a", "carol")
    assert (await bob.ask("DELETE", ONE.format(made["id"]))).status == 200
    assert (await bob.ask("GET", of_bob("Plans/a.txt"))).status == 404
    assert (await carol.ask("GET", "/remote.php/dav/files/carol-4f2a/Plans/a.txt")).body == b"content"
    assert (await carol.ask("DELETE", ONE.format("999"))).status == 404


async def test_a_share_ends_on_its_day(box: Running, alice: Person, folder: str) -> None:
    now = box.sandbox.now()
    made = await share(alice, folder, shareType=3, expireDate="2999-01-01")
    assert (await alice.as_(None).ask("GET", f"/public.php/dav/files/{made['token']}/a.txt")).body == b"content"
    box.sandbox.clock = lambda: now + 1000 * 366 * 86_400
    assert (await alice.ask("GET", ONE.format(made["id"]))).status == 404
    assert (await alice.as_(None).ask("GET", f"/public.php/dav/files/{made['token']}/a.txt")).status == 404


async def test_a_link_with_a_password_opens_with_it_alone(alice: Person, folder: str) -> None:
    made = await share(alice, f"{folder}/a.txt", shareType=3, password="open sesame")
    assert "open sesame" not in str(made)
    nobody, path = alice.as_(None), f"/public.php/dav/files/{made['token']}/"
    assert (await nobody.ask("GET", path)).status == 401
    for password, status in (("wrong", 401), ("open sesame", 200)):
        header = "Basic " + base64.b64encode(f"anonymous:{password}".encode()).decode()
        assert (await nobody.ask("GET", path, Authorization=header)).status == status
    assert (await nobody.ask("GET", path, Authorization="Basic ???")).status == 401


async def test_what_lies_beside_a_shared_folder_is_not_behind_its_link(alice: Person, folder: str) -> None:
    await alice.ask("PUT", files("secret.txt"), b"secret")
    made = await share(alice, folder, shareType=3)
    nobody = alice.as_(None)
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/secret.txt"):
        assert (await nobody.ask("GET", f"/public.php/dav/files/{made['token']}{path}")).body != b"secret"
    assert (await nobody.ask("GET", f"/s/{made['token']}/download")).headers["content-type"].startswith("application/zip")
    assert b"Plans" in (await nobody.ask("GET", f"/s/{made['token']}")).body
    assert (await nobody.ask("GET", "/s/unknown")).status == 404


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"path": "/", "shareType": 0, "shareWith": "bob"}, 403),
        ({"shareType": 0, "shareWith": "alice"}, 403),
        ({"shareType": 1, "shareWith": "nogroup"}, 404),
        ({"shareType": 3, "permissions": 2}, 400),
        ({"shareType": 3, "expireDate": "never"}, 404),
        ({"shareType": 3, "expireDate": "2001-01-01"}, 404),
    ],
)
async def test_what_nextcloud_refuses_is_refused(alice: Person, folder: str, values: dict[str, Any], status: int) -> None:
    await share(alice, values.pop("path", folder), status, **values)
    assert (await alice.ask("GET", API)).ocs == []


async def test_a_received_folder_may_be_shared_on_only_with_the_right_to(alice: Person, bob: Person, folder: str) -> None:
    made = await share(alice, folder, shareType=0, shareWith="bob", permissions=1)
    await share(bob, folder, 404, shareType=0, shareWith="carol-4f2a")
    await alice.ask("PUT", ONE.format(made["id"]), data={"permissions": 17})
    onward = await share(bob, folder, shareType=0, shareWith="carol-4f2a", permissions=31)
    assert (onward["permissions"], onward["uid_owner"], onward["uid_file_owner"]) == (17, "bob", "alice")
    assert onward["id"] in [one["id"] for one in (await alice.ask("GET", f"{API}&path={folder}&reshares=true")).ocs]


async def test_a_folder_tells_by_webdav_how_it_is_shared(alice: Person, folder: str) -> None:
    await share(alice, folder, shareType=0, shareWith="bob")
    await share(alice, folder, shareType=3)
    asked = '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop><oc:share-types/><nc:sharees/></d:prop></d:propfind>'
    answer = await alice.ask("PROPFIND", files("Plans"), asked, Depth="0")
    assert answer.texts("{http://owncloud.org/ns}share-type") == ["0", "3"]
    assert b"<nc:id>bob</nc:id>" in answer.body


async def test_without_the_app_there_is_no_trace_of_it(box: Running, alice: Person) -> None:
    box.sandbox.enabled.discard("files_sharing")
    assert (await alice.ask("GET", API)).status == 404
    known = (await alice.ask("GET", "/ocs/v2.php/cloud/capabilities?format=json")).ocs["capabilities"]
    assert "files_sharing" not in known
