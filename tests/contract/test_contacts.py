"""The tools of contacts on a Nextcloud."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.conftest import Place
from tests.support.assistant import Assistant, ToolFailed, session
from tests.support.calendars import write_in_between

FOREIGN = (
    "BEGIN:VCARD\r\nVERSION:{version}\r\nPRODID:-//Somebody//Else//EN\r\nUID:{uid}\r\nFN:Ada Lovelace\r\nN:Lovelace;Ada;King,Noel;;\r\n"
    "item1.EMAIL;type=INTERNET;type=WORK;type=pref:ada@work.test\r\nitem1.X-ABLabel:_$!<Work>!$_\r\nEMAIL;TYPE=HOME:ada@home.test\r\n"
    "TEL;TYPE=CELL:+49 (171) 123-4567\r\nNICKNAME:Countess,Enchantress\r\nORG:Analytical Engines;Research\r\n"
    "ADR;TYPE=HOME:;;1 Main St;London;;W1;UK\r\nCATEGORIES:Friends,Work\r\nNOTE:first\\nsecond\\, third \r\n and folded\r\n"
    "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\r\nX-SOCIALPROFILE;TYPE=mastodon:https://social.test/@ada\r\nKIND-OF-ODD:;keep;me\r\n"
    "END:VCARD\r\n"
)


@pytest.fixture
async def book(alice: Assistant, name: str) -> AsyncGenerator[str]:
    await alice.call("nc_contacts_create_addressbook", name=name, display_name=f"Friends & <Family> {name}", description="a & b")
    yield name
    with suppress(ToolFailed):
        await alice.call("nc_contacts_delete_addressbook", name=name)


async def raw(person: Assistant, method: str, book: str, name: str, text: str = "", version: str = "3.0") -> str:
    """A card as it lies in the address book, past the tools."""
    path = f"/remote.php/dav/addressbooks/users/{await person.session.uid()}/{quote(book)}/{quote(name)}"
    headers = {"Content-Type": "text/vcard; charset=utf-8"} if text else {"Accept": f"text/vcard; version={version}"}
    return (await person.session.request(method, path, what="card", headers=headers, data=text.encode() or None)).body.decode()


async def listed(person: Assistant, book: str) -> list[dict[str, Any]]:
    return (await person.call("nc_contacts_list_contacts", addressbook=book, limit=500))["contacts"]


async def test_a_new_address_book_is_listed_with_its_title(alice: Assistant, book: str) -> None:
    books = {one["uri"]: one for one in (await alice.call("nc_contacts_list_addressbooks", limit=500))["addressbooks"]}
    assert books[book]["displayname"] == f"Friends & <Family> {book}"
    assert books[book]["description"] == "a & b"
    assert "read_only" not in books[book]


async def test_address_books_that_nextcloud_fills_are_marked_and_cannot_be_written(alice: Assistant) -> None:
    books = (await alice.call("nc_contacts_list_addressbooks", limit=500))["addressbooks"]
    generated = [one for one in books if one["uri"].startswith("z-server-generated--")]
    assert [(one.get("read_only"), one.get("generated")) for one in generated] == [(True, True)] * len(generated)
    for one in generated:
        text = await alice.error("nc_contacts_create_contact", addressbook=one["uri"], contact_data={"fn": "Nobody"})
        assert "cannot be changed" in text


async def test_an_address_book_that_exists_is_not_made_again(alice: Assistant, book: str) -> None:
    assert f"{book!r} exists already" in await alice.error("nc_contacts_create_addressbook", name=book, display_name="Again")


@pytest.mark.parametrize("wrong", ["", "..", "a/b", "x\ny", "z-server-generated--mine", "long" * 60])
async def test_a_name_that_no_address_book_can_have_is_refused(alice: Assistant, wrong: str) -> None:
    text = await alice.error("nc_contacts_create_addressbook", name=wrong, display_name="X")
    assert "ddress book" in text


async def test_a_name_with_every_awkward_character_works(alice: Assistant, name: str) -> None:
    awkward = f"{name} ä&b#c?d%20.é"
    await alice.call("nc_contacts_create_addressbook", name=awkward, display_name="Awkward")
    try:
        uid = "Ü & #1?%41.x"
        await alice.call("nc_contacts_create_contact", addressbook=awkward, uid=uid, contact_data={"fn": "Ünal"})
        await alice.call("nc_contacts_update_contact", addressbook=awkward, uid=uid, contact_data={"title": "Dr"})
        assert [(one["uid"], one["title"]) for one in await listed(alice, awkward)] == [(uid, "Dr")]
        await alice.call("nc_contacts_delete_contact", addressbook=awkward, uid=uid)
        assert await listed(alice, awkward) == []
    finally:
        await alice.call("nc_contacts_delete_addressbook", name=awkward)


async def test_a_missing_address_book_is_named_with_those_that_exist(alice: Assistant, name: str) -> None:
    missing = f"{name}-none"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("list_contacts", {"addressbook": missing}),
        ("get_contact", {"addressbook": missing, "uid": "x"}),
        ("search_contacts", {"addressbook": missing, "query": "x"}),
        ("create_contact", {"addressbook": missing, "contact_data": {"fn": "x"}}),
        ("update_contact", {"addressbook": missing, "uid": "x", "contact_data": {"fn": "x"}}),
        ("delete_contact", {"addressbook": missing, "uid": "x"}),
        ("delete_addressbook", {"name": missing}),
    ]
    for tool, arguments in calls:
        text = await alice.error(f"nc_contacts_{tool}", **arguments)
        assert f"{missing!r} not found" in text, tool
        assert "contacts" in text, tool


async def test_a_contact_with_every_property_reads_back_as_it_was_given(alice: Assistant, book: str) -> None:
    data = {
        "fn": "Grace Hopper",
        "n": {"family": "Hopper", "given": "Grace", "additional": "Brewster", "prefix": "Dr.", "suffix": ""},
        "email": [{"value": "grace@navy.test", "type": ["WORK", "PREF"]}, "grace@home.test"],
        "phone": {"value": "+1 555 0100", "type": "CELL"},
        "org": ["Navy; US", "Computing"],
        "title": "Rear Admiral",
        "role": "Programmer, first",
        "note": "line one\nline two; with, marks \\ and 🦉",
        "nickname": ["Amazing Grace", "Grandma, COBOL"],
        "url": ["https://example.test/a,b", "https://example.test/2"],
        "bday": "1906-12-09",
        "categories": "Friends, Navy",
        "adr": {"street": "1 Main St", "locality": "Arlington", "region": "VA", "code": "22202", "country": "USA", "type": "home"},
        "X-Favourite": "Insects; moths",
    }
    made = await alice.call("nc_contacts_create_contact", addressbook=book, uid="grace", contact_data=data)
    assert (made["addressbook"], made["uid"]) == (book, "grace")
    read = await alice.call("nc_contacts_get_contact", addressbook=book, uid="grace")
    assert read["etag"] == made["etag"]
    assert (read["fn"], read["given_name"], read["family_name"]) == ("Grace Hopper", "Grace", "Hopper")
    assert read["emails"] == [
        {"type": "email", "value": "grace@navy.test", "label": "work", "preferred": True},
        {"type": "email", "value": "grace@home.test", "label": "home"},
    ]
    assert read["phones"] == [{"type": "phone", "value": "+1 555 0100", "label": "cell"}]
    assert read["organization"] == "Navy; US;Computing"
    assert (read["title"], read["role"]) == ("Rear Admiral", "Programmer, first")
    assert read["note"] == "line one\nline two; with, marks \\ and 🦉"
    assert [one["value"] for one in read["urls"]] == ["https://example.test/a,b", "https://example.test/2"]
    assert read["birthday"] == "1906-12-09"
    assert read["categories"] == ["Friends", "Navy"]
    assert read["addresses"][0]["components"] == {
        "street": "1 Main St",
        "locality": "Arlington",
        "region": "VA",
        "code": "22202",
        "country": "USA",
    }
    assert read["addresses"][0]["value"] == ";;1 Main St;Arlington;VA;22202;USA"
    assert read["custom_fields"] == {"nickname": ["Amazing Grace", "Grandma, COBOL"], "X-FAVOURITE": ["Insects; moths"]}


async def test_a_contact_without_a_uid_gets_one_and_an_etag(alice: Assistant, book: str) -> None:
    made = await alice.call("nc_contacts_create_contact", addressbook=book, contact_data={"fn": "Solo"})
    read = await alice.call("nc_contacts_get_contact", addressbook=book, uid=made["uid"])
    assert (read["fn"], read["etag"]) == ("Solo", made["etag"])


async def test_a_uid_that_is_taken_is_not_overwritten(alice: Assistant, book: str) -> None:
    await alice.call("nc_contacts_create_contact", addressbook=book, uid="one", contact_data={"fn": "First"})
    assert "'one' exists already" in await alice.error(
        "nc_contacts_create_contact", addressbook=book, uid="one", contact_data={"fn": "Second"}
    )
    await raw(alice, "PUT", book, "object.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:two\r\nFN:Two\r\nN:Two;;;;\r\nEND:VCARD\r\n")
    assert "'two' exists already" in await alice.error(
        "nc_contacts_create_contact", addressbook=book, uid="two", contact_data={"fn": "Second"}
    )
    assert [one["fn"] for one in await listed(alice, book)] == ["First", "Two"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "fn"),
        ({"fn": ""}, "fn cannot be cleared"),
        ({"fn": "X", "telefone": "1"}, "'telefone'"),
        ({"fn": "X", "photo": "abc"}, "Photos stay as they are"),
        ({"fn": "X", "bday": "1906-02-30"}, "'1906-02-30' is not a date"),
        ({"fn": "X", "bday": "yesterday"}, "YYYY-MM-DD"),
        ({"fn": "X", "email": {"type": "WORK"}}, "has no value"),
        ({"fn": "X", "email": {"value": "a@b", "kind": "WORK"}}, "'kind'"),
        ({"fn": "X", "adr": {"town": "London"}}, "locality"),
        ({"fn": "X", "n": {"first": "A"}}, "given"),
        ({"fn": "X", "tel": "1", "phone": "2"}, "twice"),
        ({"fn": "X", "note": ["a"]}, "not a text"),
        ({"fn": "X\x00Y"}, "control characters"),
    ],
)
async def test_a_wrong_value_is_named_and_nothing_is_created(alice: Assistant, book: str, data: dict[str, Any], said: str) -> None:
    assert said in await alice.error("nc_contacts_create_contact", addressbook=book, uid="wrong", contact_data=data)
    assert await listed(alice, book) == []


@pytest.mark.parametrize("version", ["3.0", "4.0"])
async def test_an_update_of_one_property_leaves_every_other_byte(alice: Assistant, book: str, version: str) -> None:
    before = FOREIGN.format(version=version, uid="ada")
    if version == "4.0":
        before = before.replace("PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=", "PHOTO:data:image/png;base64,iVBORw0KGgo=")
    await raw(alice, "PUT", book, "ada.vcf", before)
    updated = await alice.call("nc_contacts_update_contact", addressbook=book, uid="ada", contact_data={"title": "Countess"})
    assert updated["contact"]["title"] == "Countess"
    assert updated["contact"]["has_photo"] is True
    after = await raw(alice, "GET", book, "ada.vcf", version=version)
    assert after.replace("TITLE:Countess\r\n", "") == before
    read = await alice.call("nc_contacts_get_contact", addressbook=book, uid="ada")
    assert read["etag"] == updated["contact"]["etag"]


async def test_a_text_changes_the_first_and_a_list_all(alice: Assistant, book: str) -> None:
    await raw(alice, "PUT", book, "ada.vcf", FOREIGN.format(version="3.0", uid="ada"))
    await alice.call("nc_contacts_update_contact", addressbook=book, uid="ada", contact_data={"email": "new@work.test"})
    after = await raw(alice, "GET", book, "ada.vcf")
    assert (
        "item1.EMAIL;type=INTERNET;type=WORK;type=pref:new@work.test\r\nitem1.X-ABLabel:_$!<Work>!$_\r\nEMAIL;TYPE=HOME:ada@home.test"
        in after
    )
    kept_and_new = {"email": ["ada@home.test", {"value": "third@x.test", "type": "OTHER"}]}
    await alice.call("nc_contacts_update_contact", addressbook=book, uid="ada", contact_data=kept_and_new)
    after = await raw(alice, "GET", book, "ada.vcf")
    assert "EMAIL;TYPE=HOME:ada@home.test\r\nEMAIL;TYPE=OTHER:third@x.test\r\n" in after.replace("item1.X-ABLabel:_$!<Work>!$_\r\n", "")
    assert "new@work.test" not in after
    await alice.call("nc_contacts_update_contact", addressbook=book, uid="ada", contact_data={"email": [], "note": "", "tel": None})
    read = await alice.call("nc_contacts_get_contact", addressbook=book, uid="ada")
    assert "emails" not in read
    assert "note" not in read
    assert read["phones"][0]["value"] == "+49 (171) 123-4567"


async def test_parts_of_a_name_that_are_not_given_stay(alice: Assistant, book: str) -> None:
    await raw(alice, "PUT", book, "ada.vcf", FOREIGN.format(version="3.0", uid="ada"))
    await alice.call(
        "nc_contacts_update_contact", addressbook=book, uid="ada", contact_data={"n": {"prefix": "Lady"}, "adr": {"code": "W2"}}
    )
    after = await raw(alice, "GET", book, "ada.vcf")
    assert "N:Lovelace;Ada;King,Noel;Lady;\r\n" in after
    assert "ADR;TYPE=HOME:;;1 Main St;London;;W2;UK\r\n" in after


async def test_a_wrong_update_changes_nothing(alice: Assistant, book: str) -> None:
    before = FOREIGN.format(version="3.0", uid="ada")
    await raw(alice, "PUT", book, "ada.vcf", before)
    for data in ({"title": "x", "bday": "never"}, {"title": "x", "emial": "a@b"}, {"fn": ""}):
        await alice.error("nc_contacts_update_contact", addressbook=book, uid="ada", contact_data=data)
    assert await raw(alice, "GET", book, "ada.vcf") == before


async def test_a_stale_etag_changes_nothing_and_tells_the_current_one(alice: Assistant, book: str) -> None:
    made = await alice.call("nc_contacts_create_contact", addressbook=book, uid="eve", contact_data={"fn": "Eve"})
    newer = await alice.call(
        "nc_contacts_update_contact", addressbook=book, uid="eve", etag=f'"{made["etag"]}"', contact_data={"fn": "Eve 2"}
    )
    for tool, more in (("update_contact", {"contact_data": {"fn": "lost"}}), ("delete_contact", {})):
        text = await alice.error(f"nc_contacts_{tool}", addressbook=book, uid="eve", etag=made["etag"], **more)
        assert "modified by someone else" in text
        assert newer["contact"]["etag"] in text
    assert (await alice.call("nc_contacts_get_contact", addressbook=book, uid="eve"))["fn"] == "Eve 2"


async def test_a_change_that_somebody_makes_in_between_is_not_lost(alice: Assistant, book: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await raw(alice, "PUT", book, "both.vcf", FOREIGN.format(version="3.0", uid="both"))
    request = alice.session.request
    raced: list[str] = []

    async def slow(method: str, path: str, **more: Any) -> Any:
        if method == "PUT" and not raced:
            raced.append(path)
            await request(
                "PUT", path, what="card", data=FOREIGN.format(version="3.0", uid="both").replace("Ada Love", "Other Love").encode()
            )
        return await request(method, path, **more)

    monkeypatch.setattr(alice.session, "request", slow)
    await alice.call("nc_contacts_update_contact", addressbook=book, uid="both", contact_data={"title": "Dr"})
    read = await alice.call("nc_contacts_get_contact", addressbook=book, uid="both")
    assert (read["fn"], read["title"], len(raced)) == ("Other Lovelace", "Dr", 1)


async def test_a_contact_that_changed_after_it_was_read_is_not_deleted(
    alice: Assistant, book: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await raw(alice, "PUT", book, "ada.vcf", FOREIGN.format(version="3.0", uid="ada"))
    theirs = FOREIGN.format(version="3.0", uid="ada").replace("Ada Love", "Other Love")
    write_in_between(monkeypatch, alice, lambda: raw(alice, "PUT", book, "ada.vcf", theirs), "DELETE")
    assert "modified by someone else" in await alice.error("nc_contacts_delete_contact", addressbook=book, uid="ada")
    assert await raw(alice, "GET", book, "ada.vcf") == theirs


async def test_a_new_contact_never_replaces_one_that_was_made_in_between(
    alice: Assistant, book: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = FOREIGN.format(version="3.0", uid="ada")
    write_in_between(monkeypatch, alice, lambda: raw(alice, "PUT", book, "ada.vcf", theirs))
    said = await alice.error("nc_contacts_create_contact", addressbook=book, uid="ada", contact_data={"fn": "Mine"})
    assert "exists already" in said
    assert await raw(alice, "GET", book, "ada.vcf") == theirs


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', "{}-gzip", "{}", "*"])
async def test_an_etag_is_taken_in_every_form_a_proxy_makes_of_it(alice: Assistant, book: str, form: str) -> None:
    made = await alice.call("nc_contacts_create_contact", addressbook=book, uid="eve", contact_data={"fn": "Eve"})
    etag = form.format(made["etag"])
    saved = await alice.call("nc_contacts_update_contact", addressbook=book, uid="eve", etag=etag, contact_data={"fn": "Eve 2"})
    await alice.call("nc_contacts_delete_contact", addressbook=book, uid="eve", etag=form.format(saved["contact"]["etag"]))
    assert await listed(alice, book) == []


@pytest.mark.parametrize(("count", "pages"), [(0, [0]), (2, [2]), (3, [2, 1])])
async def test_a_full_page_and_one_more_contact_page_rightly(alice: Assistant, book: str, count: int, pages: list[int]) -> None:
    for number in range(count):
        await raw(alice, "PUT", book, f"{number}.vcf", FOREIGN.format(version="3.0", uid=number))
    seen, cursor = list[int](), None
    while True:
        page = await alice.call("nc_contacts_list_contacts", addressbook=book, limit=2, cursor=cursor)
        assert page["total_count"] == count
        seen.append(len(page["contacts"]))
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert seen == pages


async def test_an_account_whose_login_name_is_not_its_id_has_its_own_address_books(place: Place, name: str) -> None:
    if place.sandbox is None:
        pytest.skip("the real Nextcloud has no such account for tests")
    person = session(place.url, "carol@example.test", "carol")
    carol = Assistant(person)
    try:
        await carol.call("nc_contacts_create_contact", addressbook="contacts", uid=name, contact_data={"fn": name})
        hits = (await carol.call("nc_contacts_search_contacts", query=name))["contacts"]
        assert [one["uid"] for one in hits] == [name]
        assert "/carol-4f2a/" in await _requested(place)
    finally:
        await person.transport.aclose()


async def _requested(place: Place) -> str:
    assert place.sandbox is not None
    return "\n".join(seen.path for seen in place.sandbox.sandbox.requests)


async def test_a_card_is_reached_by_its_object_name_and_by_its_own_uid(alice: Assistant, book: str) -> None:
    await raw(alice, "PUT", book, "object-7.vcf", FOREIGN.format(version="3.0", uid="ada@lovelace.test"))
    for uid in ("object-7", "object-7.vcf", "ada@lovelace.test"):
        read = await alice.call("nc_contacts_get_contact", addressbook=book, uid=uid)
        assert (read["uid"], read["card_uid"]) == ("object-7", "ada@lovelace.test")
    await alice.call("nc_contacts_update_contact", addressbook=book, uid="ada@lovelace.test", contact_data={"role": "Author"})
    assert [one["role"] for one in await listed(alice, book)] == ["Author"]
    deleted = await alice.call("nc_contacts_delete_contact", addressbook=book, uid="ada@lovelace.test")
    assert deleted["uid"] == "object-7"
    assert await listed(alice, book) == []


async def test_a_missing_contact_is_named_in_every_error(alice: Assistant, book: str) -> None:
    for tool, more in (
        ("get_contact", {}),
        ("update_contact", {"contact_data": {"fn": "x"}}),
        ("delete_contact", {}),
        ("delete_contact", {"etag": "x"}),
    ):
        text = await alice.error(f"nc_contacts_{tool}", addressbook=book, uid="nobody", **more)
        assert f"Contact 'nobody' not found in address book {book!r}" in text


async def test_deleting_says_that_there_is_no_trash(alice: Assistant, book: str) -> None:
    await alice.call("nc_contacts_create_contact", addressbook=book, uid="gone", contact_data={"fn": "Gone"})
    assert "no trash" in (await alice.call("nc_contacts_delete_contact", addressbook=book, uid="gone"))["message"]
    assert "no trash" in (await alice.call("nc_contacts_delete_addressbook", name=book))["message"]


async def test_a_listing_is_paged_by_name(alice: Assistant, book: str) -> None:
    assert (await alice.call("nc_contacts_list_contacts", addressbook=book))["total_count"] == 0
    for number in range(26):
        await raw(
            alice, "PUT", book, f"n{number}.vcf", f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:n{number}\r\nFN:Person {number:02}\r\nEND:VCARD\r\n"
        )
    first = await alice.call("nc_contacts_list_contacts", addressbook=book)
    assert (len(first["contacts"]), first["total_count"], first["addressbook"]) == (25, 26, book)
    rest = await alice.call("nc_contacts_list_contacts", addressbook=book, cursor=first["next_cursor"])
    names = [one["fn"] for one in first["contacts"] + rest["contacts"]]
    assert names == [f"Person {number:02}" for number in range(26)]
    assert "next_cursor" not in rest


@pytest.mark.parametrize(
    "query", ["ada {name}", "lovelace", "LOVELACE", "enchantress", "@work.test", "+49 171 1234567", "0171/123 45", "lace ada"]
)
async def test_a_search_finds_by_name_nickname_address_and_number(alice: Assistant, book: str, name: str, query: str) -> None:
    await raw(alice, "PUT", book, "ada.vcf", FOREIGN.format(version="3.0", uid="ada").replace("FN:Ada", f"FN:Ada {name}"))
    await alice.call("nc_contacts_create_contact", addressbook=book, uid="bob", contact_data={"fn": "Someone Else", "tel": "030 999"})
    query = query.format(name=name)
    hits = await alice.call("nc_contacts_search_contacts", query=query, addressbook=book)
    assert [one["uid"] for one in hits["contacts"]] == ["ada"]
    everywhere = await alice.call("nc_contacts_search_contacts", query=query, limit=500, addressbook="*")
    assert (book, "ada") in [(one["addressbook"], one["uid"]) for one in everywhere["contacts"]]


async def test_a_search_without_a_match_or_without_words_is_empty(alice: Assistant, book: str) -> None:
    await alice.call("nc_contacts_create_contact", addressbook=book, uid="bob", contact_data={"fn": "Bob"})
    for query in ("qqxzvkwjy", "", "  ", "bob qqxzvkwjy", "999999"):
        assert (await alice.call("nc_contacts_search_contacts", query=query, addressbook=book))["contacts"] == []


async def test_a_search_in_umlauts_ignores_case(alice: Assistant, book: str) -> None:
    await alice.call("nc_contacts_create_contact", addressbook=book, uid="u", contact_data={"fn": "Jürgen Äpfel"})
    hits = await alice.call("nc_contacts_search_contacts", query="äPFEL JÜRGEN", addressbook=book)
    assert [one["uid"] for one in hits["contacts"]] == ["u"]


async def test_a_card_that_nextcloud_completes_answers_with_the_etag_it_has_then(alice: Assistant, book: str) -> None:
    await raw(alice, "PUT", book, "nofn.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:nofn\r\nN:Nofn;Ann;;;\r\nEND:VCARD\r\n")
    saved = await alice.call("nc_contacts_update_contact", addressbook=book, uid="nofn", contact_data={"note": "x"})
    assert saved["contact"]["fn"] == "Ann Nofn"
    assert saved["contact"]["etag"] == (await alice.call("nc_contacts_get_contact", addressbook=book, uid="nofn"))["etag"]


async def test_nobody_reads_or_changes_another_persons_contacts(alice: Assistant, bob: Assistant, book: str) -> None:
    await alice.call("nc_contacts_create_contact", addressbook=book, uid="mine", contact_data={"fn": "Mine"})
    for tool, more in (("get_contact", {}), ("update_contact", {"contact_data": {"fn": "His"}}), ("delete_contact", {})):
        assert f"{book!r} not found" in await bob.error(f"nc_contacts_{tool}", addressbook=book, uid="mine", **more)
    assert book not in [one["uri"] for one in (await bob.call("nc_contacts_list_addressbooks", limit=500))["addressbooks"]]
    assert [one["fn"] for one in await listed(alice, book)] == ["Mine"]
