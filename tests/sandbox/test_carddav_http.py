"""Address books over HTTP."""

from collections.abc import AsyncIterator

import pytest

from nextcloud_sandbox.areas.carddav import cards, state
from nextcloud_sandbox.groupware.store import View
from nextcloud_sandbox.server import Running, running
from tests.sandbox.dav_client import Client, D, card, event, prop, wrap

HOME = "addressbooks/users/alice"
BOOK = f"{HOME}/contacts"
DATA = "{urn:ietf:params:xml:ns:carddav}address-data"


@pytest.fixture
async def at() -> AsyncIterator[Running]:
    async with running(seed=False) as found:
        yield found


@pytest.fixture
def alice(at: Running) -> Client:
    return Client(at, "alice")


@pytest.fixture
def bob(at: Running) -> Client:
    return Client(at, "bob")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PROPFIND", HOME), ("PROPFIND", BOOK), ("GET", f"{BOOK}/a.vcf"), ("DELETE", f"{BOOK}/a.vcf"), ("MKCOL", f"{HOME}/x")],
)
async def test_what_belongs_to_alice_does_not_exist_for_bob(alice: Client, bob: Client, method: str, path: str) -> None:
    await alice("PUT", f"{BOOK}/a.vcf", card("a"))
    assert (await bob(method, path)).status == 404
    assert (await bob("PUT", f"{BOOK}/a.vcf", card("a", name="Stolen"))).status == 404
    assert "Stolen" not in (await alice("GET", f"{BOOK}/a.vcf")).text


async def test_a_card_comes_back_as_the_bytes_that_were_put_with_their_etag_in_every_form(alice: Client) -> None:
    text = card("a", "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=", "X-ODD;P=1:kept", "item1.TEL:1")
    put = await alice("PUT", f"{BOOK}/a.vcf", text)
    plain = await alice("GET", f"{BOOK}/a.vcf")
    other = await alice("GET", f"{BOOK}/a.vcf", Accept="text/vcard; version=4.0")
    assert plain.text == text
    assert put.etag == plain.etag == other.etag
    assert "VERSION:4.0" in other.text


async def test_a_vcard_4_is_read_as_vcard_3_unless_asked_otherwise(alice: Client) -> None:
    text = card("a", version="4.0")
    await alice("PUT", f"{BOOK}/a.vcf", text)
    assert "VERSION:3.0" in (await alice("GET", f"{BOOK}/a.vcf")).text
    assert (await alice("GET", f"{BOOK}/a.vcf", Accept="text/vcard; version=4.0")).text == text
    body = wrap(
        "k:addressbook-multiget",
        f'<d:prop><k:address-data content-type="text/vcard" version="4.0"/></d:prop><d:href>/remote.php/dav/{BOOK}/a.vcf</d:href>',
    )
    assert "VERSION:4.0" in (await alice("REPORT", BOOK, body, Depth="1")).values(DATA)[0]


async def test_a_stale_etag_changes_nothing(alice: Client) -> None:
    first = await alice("PUT", f"{BOOK}/a.vcf", card("a"))
    await alice("PUT", f"{BOOK}/a.vcf", card("a", name="Second"), If_Match=first.etag)
    for method in ("PUT", "DELETE"):
        assert (await alice(method, f"{BOOK}/a.vcf", card("a", name="Third"), If_Match=first.etag)).status == 412
    assert "Second" in (await alice("GET", f"{BOOK}/a.vcf")).text


async def test_a_calendar_object_is_no_card(alice: Client) -> None:
    assert (await alice("PUT", f"{BOOK}/a.vcf", event("a"))).status == 415


async def test_a_deleted_card_is_gone_at_once_and_its_uid_free(alice: Client) -> None:
    await alice("PUT", f"{BOOK}/a.vcf", card("a"))
    await alice("DELETE", f"{BOOK}/a.vcf")
    assert (await alice("PUT", f"{BOOK}/b.vcf", card("a"))).status == 201


async def test_a_shared_book_is_read_and_with_permission_written(alice: Client, bob: Client) -> None:
    await alice("PUT", f"{BOOK}/a.vcf", card("a"))
    path = "addressbooks/users/bob/contacts_shared_by_alice"
    for access, status in (("", 404), ("<oc:read-write/>", 201)):
        inner = f"<oc:set><d:href>principal:principals/users/bob</d:href>{access}</oc:set>"
        await alice("POST", BOOK, wrap("oc:share", inner), Content_Type="application/xml")
        assert (await bob("PUT", f"{path}/b.vcf", card("b"))).status == status
    assert (await bob.propfind(path, "d:displayname", depth="0")).values(f"{D}displayname") == ["Contacts (Alice Example)"]
    await bob("DELETE", path)
    assert (await bob("PROPFIND", path)).status == 404
    assert (await alice("GET", f"{BOOK}/b.vcf")).status == 200


async def test_a_card_moves_between_own_books(alice: Client, bob: Client) -> None:
    kind = "<d:set><d:prop><d:resourcetype><d:collection/><k:addressbook/></d:resourcetype></d:prop></d:set>"
    await alice("MKCOL", f"{HOME}/extra", wrap("d:mkcol", kind))
    await alice("PUT", f"{BOOK}/a.vcf", card("a"))
    assert (await alice("MOVE", f"{BOOK}/a.vcf", Destination="/remote.php/dav/addressbooks/users/bob/contacts/a.vcf")).status == 404
    assert (await alice("MOVE", f"{BOOK}/a.vcf", Destination=f"/remote.php/dav/{HOME}/extra/a.vcf")).status == 201
    assert (await alice.propfind(f"{HOME}/extra", "d:getetag")).names[1:] == ["a.vcf"]
    assert (await alice("GET", f"{BOOK}/a.vcf")).status == 404


async def test_accounts_appear_in_everybodys_system_book_as_they_come_and_go(at: Running, alice: Client) -> None:
    path = f"{HOME}/z-server-generated--system"
    token = (await alice.sync(path)).values(f"{D}sync-token")[0]
    at.sandbox.add_user("eve", "eve", "Eve Example")
    assert (await alice.sync(path, token)).names == ["Database:eve.vcf"]
    at.sandbox.remove_user("eve")
    gone = await alice.sync(path, token)
    assert (gone.names, gone.values(f"{D}status")) == (["Database:eve.vcf"], ["HTTP/1.1 404 Not Found"])
    assert (await alice("DELETE", path)).status == 404


async def test_an_invitation_makes_a_recent_contact(alice: Client) -> None:
    lines = ("ORGANIZER:mailto:alice@example.org", "ATTENDEE:mailto:someone@example.net")
    await alice("PUT", "calendars/alice/personal/a.ics", event("a", "20261201T100000Z", "20261201T110000Z", *lines))
    path = f"{HOME}/z-app-generated--contactsinteraction--recent"
    listed = await alice.propfind(path, "d:getetag")
    assert len(listed.names) == 2
    assert "EMAIL:someone@example.net" in (await alice("GET", f"{path}/{listed.names[1]}")).text
    assert (await alice("PUT", f"{path}/x", card("x"))).status == 403


async def test_pages_of_the_first_synchronisation_cover_the_book(alice: Client) -> None:
    for number in range(5):
        await alice("PUT", f"{BOOK}/{number}.vcf", card(str(number)))
    seen: list[str] = []
    token = ""
    while True:
        page = await alice.sync(BOOK, token, 2)
        token = page.values(f"{D}sync-token")[0]
        seen += [name for name in page.names if name.endswith(".vcf")]
        if "507" not in page.text:
            break
    assert seen == [f"{number}.vcf" for number in range(5)]


async def test_ten_thousand_cards_are_listed_and_filtered(at: Running, alice: Client) -> None:
    """The suite's time limit would stop anything that is slower than linear."""
    view: View = state.home(at.sandbox, "alice")[0]
    for number in range(10_000):
        cards.put(at.sandbox, view, f"{number}.vcf", card(str(number), name=f"Person {number}").encode())
    assert len((await alice.propfind(BOOK, "d:getetag")).hrefs) == 10_001
    ending = '<k:prop-filter name="FN"><k:text-match match-type="ends-with">77</k:text-match></k:prop-filter>'
    wanted = f"{prop('d:getetag')}<k:filter>{ending}</k:filter>"
    assert len((await alice("REPORT", BOOK, wrap("k:addressbook-query", wanted), Depth="1")).hrefs) == 100
