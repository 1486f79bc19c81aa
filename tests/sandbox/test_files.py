"""Files over WebDAV, beyond what was recorded."""

import io
import zipfile

import pytest

from nextcloud_sandbox.server import Running
from tests.sandbox.person import Person, files

PROPS = '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop>{}</d:prop></d:propfind>'
SEARCH = """<d:searchrequest xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:basicsearch><d:select><d:prop><oc:fileid/></d:prop></d:select>
<d:from><d:scope><d:href>/files/alice</d:href><d:depth>infinity</d:depth></d:scope></d:from><d:where>{where}</d:where>
<d:orderby><d:order><d:prop><oc:size/></d:prop><d:ascending/></d:order></d:orderby>{limit}</d:basicsearch></d:searchrequest>"""
OC = "{http://owncloud.org/ns}"


def names(hrefs: list[str]) -> list[str]:
    return [href.removeprefix(files("")) for href in hrefs]


async def search(person: Person, where: str, limit: str = "") -> list[str]:
    answer = await person.ask("SEARCH", "/remote.php/dav/", SEARCH.format(where=where, limit=limit), Content_Type="text/xml")
    assert answer.status == 207, answer.body
    return names(answer.hrefs)


@pytest.fixture
async def some_files(alice: Person) -> None:
    for name, content in (("a.txt", b"1"), ("b.md", b"22"), ("c.json", b"333"), ("d.txt", b"4444")):
        await alice.ask("PUT", files(name), content)


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=5-99", 206, b"56789"),
        ("bytes=10-", 416, None),
    ],
)
async def test_byte_ranges(alice: Person, asked: str, status: int, body: bytes | None) -> None:
    await alice.ask("PUT", files("x.bin"), b"0123456789")
    answer = await alice.ask("GET", files("x.bin"), Range=asked)
    assert answer.status == status
    assert body is None or answer.body == body


async def test_a_stale_etag_changes_nothing(alice: Person, box: Running) -> None:
    first = (await alice.ask("PUT", files("x.txt"), b"one")).headers["etag"]
    now = box.sandbox.clock()
    box.sandbox.clock = lambda: now + 5
    second = (await alice.ask("PUT", files("x.txt"), b"two", If_Match=first)).headers["etag"]
    for method in ("PUT", "DELETE"):
        refused = await alice.ask(method, files("x.txt"), b"lost", If_Match=first)
        assert (refused.status, refused.headers["etag"]) == (412, second)
    assert (await alice.ask("GET", files("x.txt"))).body == b"two"
    assert (await alice.ask("PUT", files("x.txt"), b"three", If_Match=f'"other", {second}')).status == 204


async def test_bob_reaches_nothing_of_alice(alice: Person, bob: Person) -> None:
    made = await alice.ask("PUT", files("secret.txt"), b"secret")
    file_id = int(made.headers["oc-fileid"][:8])
    await alice.ask("POST", f"/remote.php/dav/comments/files/{file_id}", data={"verb": "comment", "message": "mine"})
    await alice.ask("DELETE", files("secret.txt"))
    refused = {
        ("GET", files("secret.txt")): 404,
        ("PROPFIND", files("secret.txt")): 404,
        ("PUT", files("x.txt")): 403,
        ("MKCOL", files("x")): 403,
        ("DELETE", files("secret.txt")): 404,
        ("PROPFIND", "/remote.php/dav/trashbin/alice/trash/"): 403,
        ("DELETE", "/remote.php/dav/trashbin/alice/trash/"): 403,
        ("PROPFIND", f"/remote.php/dav/versions/alice/versions/{file_id}/"): 403,
        ("PROPFIND", f"/remote.php/dav/versions/bob/versions/{file_id}/"): 404,
        ("PROPFIND", f"/remote.php/dav/comments/files/{file_id}"): 404,
        ("PROPFIND", f"/remote.php/dav/systemtags-relations/files/{file_id}"): 404,
        ("MKCOL", "/remote.php/dav/uploads/alice/x"): 403,
    }
    assert {key: (await bob.ask(*key)).status for key in refused} == refused
    assert (await bob.ask("PROPFIND", files(""), Depth="1")).hrefs == [files("")]
    assert (await bob.ask("SEARCH", "/remote.php/dav/", SEARCH.format(where="", limit=""))).status == 500
    assert len((await alice.ask("PROPFIND", "/remote.php/dav/trashbin/alice/trash/")).hrefs) == 2


async def test_moving_into_somebody_elses_files_is_refused(alice: Person) -> None:
    await alice.ask("PUT", files("x.txt"), b"x")
    assert (await alice.ask("MOVE", files("x.txt"), Destination=files("x.txt", "bob"))).status == 403
    assert (await alice.ask("GET", files("x.txt"))).status == 200


async def test_a_folder_cannot_go_into_itself(alice: Person) -> None:
    await alice.ask("MKCOL", files("a"))
    for method in ("MOVE", "COPY"):
        assert (await alice.ask(method, files("a"), Destination=files("a/b"))).status == 409
        assert (await alice.ask(method, files("a"), Destination=files("a"))).status == 403


async def test_names_with_reserved_characters_go_round(alice: Person) -> None:
    encoded = "100%25%20sure%3F%20%231%20%26%20%C3%BC.txt"
    assert (await alice.ask("PUT", files(encoded), b"x")).status == 201
    (_, href) = (await alice.ask("PROPFIND", files(""))).hrefs
    assert (await alice.ask("GET", href)).body == b"x"


async def test_dead_properties_are_kept_and_protected_ones_refused(alice: Person) -> None:
    await alice.ask("PUT", files("x.txt"), b"x")
    update = '<d:propertyupdate xmlns:d="DAV:" xmlns:m="urn:mine"><d:set><d:prop>{}</d:prop></d:set></d:propertyupdate>'
    assert (await alice.ask("PROPPATCH", files("x.txt"), update.format("<m:a>1 &lt; 2</m:a>"))).status == 207
    answer = await alice.ask("PROPFIND", files("x.txt"), PROPS.format('<m:a xmlns:m="urn:mine"/><m:b xmlns:m="urn:mine"/>'))
    assert answer.texts("{urn:mine}a") == ["1 < 2"]
    refused = await alice.ask("PROPPATCH", files("x.txt"), update.format("<d:getetag>x</d:getetag><m:a>2</m:a>"))
    assert b"403 Forbidden" in refused.body
    assert b"424" in refused.body
    again = await alice.ask("PROPFIND", files("x.txt"), PROPS.format('<m:a xmlns:m="urn:mine"/>'))
    assert again.texts("{urn:mine}a") == ["1 < 2"]


@pytest.mark.parametrize("body", ["<a", '<!DOCTYPE x [<!ENTITY e "e">]><d:propfind xmlns:d="DAV:">&e;</d:propfind>'])
async def test_bad_xml_is_refused(alice: Person, body: str) -> None:
    assert (await alice.ask("PROPFIND", files(""), body)).status == 400


@pytest.mark.usefixtures("some_files")
async def test_conditions_of_a_search(alice: Person) -> None:
    text, big = (
        "<d:like><d:prop><d:displayname/></d:prop><d:literal>%.TXT</d:literal></d:like>",
        "<d:gt><d:prop><oc:size/></d:prop><d:literal>2</d:literal></d:gt>",
    )
    assert await search(alice, text) == ["a.txt", "d.txt"]
    assert await search(alice, f"<d:and>{text}{big}</d:and>") == ["d.txt"]
    assert await search(alice, f"<d:or>{text}{big}</d:or>") == ["a.txt", "c.json", "d.txt"]
    assert await search(alice, f"<d:not>{text}</d:not>") == ["b.md", "c.json"]
    assert await search(alice, "<d:is-collection/>") == []
    first = '<d:limit><d:nresults>2</d:nresults><s:firstresult xmlns:s="https://github.com/icewind1991/SearchDAV/ns">1</s:firstresult></d:limit>'
    assert await search(alice, "", first) == ["b.md", "c.json"]


@pytest.mark.usefixtures("some_files")
async def test_a_listing_in_pages_has_every_entry_once(alice: Person) -> None:
    first = await alice.ask("PROPFIND", files(""), X_NC_Paginate="true", X_NC_Paginate_Count="2")
    token, total = first.headers["x-nc-paginate-token"], int(first.headers["x-nc-paginate-total"])
    found = list(first.hrefs)
    for offset in range(2, total, 2):
        headers = {"X_NC_Paginate": "true", "X_NC_Paginate_Count": "2", "X_NC_Paginate_Token": token, "X_NC_Paginate_Offset": str(offset)}
        found += (await alice.ask("PROPFIND", files(""), **headers)).hrefs
    assert names(found) == ["", "a.txt", "b.md", "c.json", "d.txt"]


@pytest.mark.usefixtures("some_files")
async def test_a_folder_can_be_had_as_a_zip(alice: Person) -> None:
    answer = await alice.ask("GET", files(""), Accept="application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert sorted(archive.namelist()) == ["download/", "download/a.txt", "download/b.md", "download/c.json", "download/d.txt"]
        assert archive.read("download/d.txt") == b"4444"


async def test_chunks_are_joined_in_the_order_of_their_numbers(alice: Person) -> None:
    folder = "/remote.php/dav/uploads/alice/up1"
    await alice.ask("MKCOL", folder)
    for number, content in (("10", b"c"), ("2", b"b"), ("1", b"a")):
        await alice.ask("PUT", f"{folder}/{number}", content)
    wrong = await alice.ask("MOVE", f"{folder}/.file", Destination=files("x.txt"), OC_Total_Length="4")
    assert wrong.status == 400
    done = await alice.ask("MOVE", f"{folder}/.file", Destination=files("x.txt"), OC_Total_Length="3", X_OC_MTime="1600000000")
    assert done.status == 201
    got = await alice.ask("GET", files("x.txt"))
    assert (got.body, got.headers["last-modified"]) == (b"abc", "Sun, 13 Sep 2020 12:26:40 GMT")
    assert (await alice.ask("MOVE", f"{folder}/.file", Destination=files("y.txt"))).status == 404


async def test_what_a_browser_might_run_is_sent_as_plain_text(alice: Person) -> None:
    await alice.ask("PUT", files("x.html"), b"<script>")
    assert (await alice.ask("GET", files("x.html"))).headers["content-type"] == "text/plain;charset=UTF-8"
    assert (await alice.ask("PROPFIND", files("x.html"))).texts("{DAV:}getcontenttype") == ["text/html"]


async def test_only_authors_change_comments_and_others_see_them_unread(alice: Person, bob: Person, box: Running) -> None:
    folder = box.sandbox.files("alice").mkdir("Shared").node
    box.sandbox.files("bob").mount("Shared", folder, "shared")
    where = f"/remote.php/dav/comments/files/{folder.id}"
    made = await alice.ask("POST", where, data={"verb": "comment", "message": " hello "})
    comment = made.headers["content-location"]
    assert (await bob.ask("PROPFIND", where)).texts(f"{OC}isUnread") == ["true"]
    assert (await bob.ask("PROPFIND", where)).texts(f"{OC}message") == ["hello"]
    change = '<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop>{}</d:prop></d:set></d:propertyupdate>'
    assert (await bob.ask("PROPPATCH", comment, change.format("<oc:message>!</oc:message>"))).status == 403
    assert (await bob.ask("DELETE", comment)).status == 403
    assert (await bob.ask("PROPPATCH", where, change.format("<oc:readMarker/>"))).status == 207
    assert (await bob.ask("PROPFIND", where)).texts(f"{OC}isUnread") == ["false"]
    assert (await alice.ask("DELETE", comment)).status == 204


async def test_ids_of_tags_and_comments_are_never_given_twice(alice: Person, admin: Person) -> None:
    file_id = int((await alice.ask("PUT", files("x.txt"), b"x")).headers["oc-fileid"][:8])
    locations: list[str] = []
    for _ in range(2):
        tag = (await alice.ask("POST", "/remote.php/dav/systemtags/", data={"name": "t"})).headers["content-location"]
        comment = await alice.ask("POST", f"/remote.php/dav/comments/files/{file_id}", data={"verb": "comment", "message": "m"})
        locations += [tag, comment.headers["content-location"]]
        assert (await admin.ask("DELETE", tag)).status == 204
        assert (await alice.ask("DELETE", locations[-1])).status == 204
    assert len({*locations}) == 4


async def test_hidden_tags_are_for_administrators(alice: Person, admin: Person) -> None:
    hidden = {"name": "audit", "userVisible": False, "userAssignable": False}
    assert (await alice.ask("POST", "/remote.php/dav/systemtags/", data=hidden)).status == 400
    assert (await admin.ask("POST", "/remote.php/dav/systemtags/", data=hidden)).status == 201
    assert len((await alice.ask("PROPFIND", "/remote.php/dav/systemtags/")).hrefs) == 1
    assert len((await admin.ask("PROPFIND", "/remote.php/dav/systemtags/")).hrefs) == 2


async def test_ten_thousand_entries_are_listed(alice: Person, box: Running) -> None:
    mine = box.sandbox.files("alice")
    mine.mkdir("big")
    for number in range(10_000):
        mine.write(f"big/{number}.txt", b"x")
    assert len((await alice.ask("PROPFIND", files("big/"))).hrefs) == 10_001
