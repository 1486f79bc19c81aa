"""The Notes API, beyond what was recorded."""

import pytest

from nextcloud_sandbox.server import Running
from tests.sandbox.person import Person, files

API = "/apps/notes/api/v1/notes"


async def create(person: Person, **values: object) -> dict[str, object]:
    answer = await person.ask("POST", API, data=values)
    assert answer.status == 200
    return answer.json()


async def test_a_note_is_a_file(alice: Person) -> None:
    note = await create(alice, title="Plan", content="one", category="Work/2026")
    path = files("Notes/Work/2026/Plan.md")
    assert (await alice.ask("GET", path)).body == b"one"
    await alice.ask("PUT", path, b"two")
    got = (await alice.ask("GET", f"{API}/{note['id']}")).json()
    assert (got["content"], got["category"]) == ("two", "Work/2026")
    assert got["etag"] != note["etag"]
    await alice.ask("DELETE", f"{API}/{note['id']}")
    assert (await alice.ask("GET", path)).status == 404
    trashed = await alice.ask("PROPFIND", "/remote.php/dav/trashbin/alice/trash/")
    assert any("Plan.md.d" in href for href in trashed.hrefs)


async def test_a_file_put_into_the_folder_is_a_note(alice: Person) -> None:
    await alice.ask("MKCOL", files("Notes"))
    for name in ("list.txt", "picture.png", "old.org"):
        await alice.ask("PUT", files(f"Notes/{name}"), b"x")
    titles = [note["title"] for note in (await alice.ask("GET", API)).json()]
    assert sorted(titles) == ["list", "old"]


async def test_notes_of_others_do_not_exist(alice: Person, bob: Person) -> None:
    note = await create(alice, title="Mine", content="x")
    for method in ("GET", "PUT", "DELETE"):
        assert (await bob.ask(method, f"{API}/{note['id']}", data={"content": "!"})).status == 404
    assert (await bob.ask("GET", API)).json() == []
    assert (await bob.ask("GET", f"/apps/notes/api/v1.4/attachment/{note['id']}?path=Mine.md")).status == 404
    assert (await alice.ask("GET", f"{API}/{note['id']}")).json()["content"] == "x"


@pytest.mark.parametrize("etag", ["{}", '"stale"', 'W/"{}"'])
async def test_an_if_match_that_does_not_match_exactly_changes_nothing(alice: Person, etag: str) -> None:
    note = await create(alice, title="Plan", content="one")
    refused = await alice.ask("PUT", f"{API}/{note['id']}", data={"content": "two"}, If_Match=etag.format(note["etag"]))
    assert (refused.status, refused.json()) == (412, note)
    assert (await alice.ask("PUT", f"{API}/{note['id']}", data={"content": "two"}, If_Match=f'"{note["etag"]}"')).status == 200


async def test_chunks_give_every_note_once_whatever_their_size(alice: Person) -> None:
    ids = {(await create(alice, title=f"Note {number}"))["id"] for number in range(7)}
    for size in (1, 3, 7, 8):
        found: list[object] = []
        cursor, pending = "", 1
        while pending:
            answer = await alice.ask("GET", f"{API}?chunkSize={size}&chunkCursor={cursor}&exclude=content")
            found += [note["id"] for note in answer.json()]
            cursor, pending = answer.headers.get("x-notes-chunk-cursor", ""), int(answer.headers.get("x-notes-chunk-pending", "0"))
        assert len(found) == 7
        assert {*found} == ids


async def test_pruning_shows_only_what_changed_since(alice: Person, box: Running) -> None:
    old = await create(alice, title="Old", content="x")
    start = box.sandbox.clock()
    box.sandbox.clock = lambda: start + 100
    new = await create(alice, title="New", content="x")
    listed = (await alice.ask("GET", f"{API}?pruneBefore={int(start) + 50}")).json()
    assert listed == [new, {"id": old["id"]}]


async def test_an_update_changes_only_what_it_names(alice: Person) -> None:
    note = await create(alice, title="Plan", content="one", category="Work", favorite=True)
    for field, value in (("title", "Other"), ("content", "two"), ("category", ""), ("favorite", False)):
        changed = (await alice.ask("PUT", f"{API}/{note['id']}", data={field: value})).json()
        assert {**note, field: value, "modified": 0, "etag": "", "internalPath": ""} == {
            **changed,
            "modified": 0,
            "etag": "",
            "internalPath": "",
        }
        note = changed
    assert note["internalPath"] == "/Notes/Other.md"


async def test_settings_are_each_users_own(alice: Person, bob: Person) -> None:
    await alice.ask("PUT", "/apps/notes/api/v1/settings", data={"notesPath": "Zettel", "fileSuffix": ".txt"})
    assert (await create(alice, title="x"))["internalPath"] == "/Zettel/x.txt"
    assert (await create(bob, title="x"))["internalPath"] == "/Notes/x.md"


async def test_an_attachment_cannot_be_outside_the_notes_folder(alice: Person) -> None:
    note = await create(alice, title="x", category="c")
    await alice.ask("PUT", files("secret.txt"), b"secret")
    for path in ("../../secret.txt", "..%2F..%2Fsecret.txt"):
        assert (await alice.ask("GET", f"/apps/notes/api/v1.4/attachment/{note['id']}?path={path}")).status == 404


async def test_shared_notes_folders_for_reading_are_readonly(alice: Person, bob: Person, box: Running) -> None:
    await create(alice, title="Shared", content="x")
    bob_files = box.sandbox.files("bob")
    bob_files.mkdir("Notes")
    bob_files.mount("Notes/From Alice", box.sandbox.files("alice").get("Notes").node, "shared", permissions=1)
    (note,) = (await bob.ask("GET", API)).json()
    assert (note["readonly"], note["isShared"], note["category"]) == (True, True, "From Alice")
    assert (await bob.ask("PUT", f"{API}/{note['id']}", data={"content": "!"})).status == 403
