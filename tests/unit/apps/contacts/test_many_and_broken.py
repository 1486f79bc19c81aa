"""Address books with very many cards, and with cards that nobody should have written."""

import hashlib
from collections.abc import AsyncGenerator

import pytest
from aiohttp import web

from nextcloud_sandbox.areas.carddav import state
from nextcloud_sandbox.groupware.store import Item
from nextcloud_sandbox.server import Running, running
from tests.support.assistant import Assistant, session

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:Person {0}\r\nN:{0};Person;;;\r\nEMAIL:p{0}@example.test\r\nEND:VCARD\r\n"
MANY = 10_000
RESPONSE = (
    "<d:response><d:href>/b/{}.vcf</d:href><d:propstat><d:prop><d:getetag>&quot;e&quot;</d:getetag><c:address-data>{}</c:address-data>"
    "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
)


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


@pytest.fixture
async def alice(box: Running) -> AsyncGenerator[Assistant]:
    person = session(box.url, "alice", "alice")
    yield Assistant(person)
    await person.transport.aclose()


def fill(box: Running, cards: dict[str, str]) -> None:
    book = state.home(box.sandbox, "alice")[0].collection
    for name, text in cards.items():
        book.put(Item(box.sandbox.next_id(), f"{name}.vcf", text.encode(), 1, name, "VCARD"))


async def test_ten_thousand_contacts_are_listed_by_pages_and_searched(box: Running, alice: Assistant) -> None:
    fill(box, {f"{number:05}": CARD.format(f"{number:05}") for number in range(MANY)})
    page = await alice.call("nc_contacts_list_contacts", addressbook="contacts")
    assert (page["total_count"], [one["uid"] for one in page["contacts"]]) == (MANY, [f"{number:05}" for number in range(25)])
    hits = await alice.call("nc_contacts_search_contacts", query="p09999@example.test")
    assert [one["uid"] for one in hits["contacts"]] == ["09999"]
    before = len(box.sandbox.requests)
    await alice.call("nc_contacts_list_contacts", addressbook="contacts", cursor=page["next_cursor"])
    assert len(box.sandbox.requests) - before == 1


async def test_an_update_takes_two_requests(box: Running, alice: Assistant) -> None:
    fill(box, {"one": CARD.format("one")})
    await alice.call("nc_contacts_list_addressbooks")
    before = len(box.sandbox.requests)
    made = await alice.call("nc_contacts_update_contact", addressbook="contacts", uid="one", contact_data={"title": "Dr"})
    sent = [seen.method for seen in list(box.sandbox.requests)[before:]]
    assert sent == ["PROPFIND", "PUT"]
    text = CARD.format("one").replace("END:VCARD", "TITLE:Dr\r\nEND:VCARD")
    assert made["contact"]["etag"] == hashlib.md5(text.encode()).hexdigest()


async def test_one_broken_card_does_not_spoil_the_list(box: Running, alice: Assistant) -> None:
    cards = {"good": CARD.format("good"), "half": "BEGIN:VCARD\r\nFN:Half a", "nothing": "no card at all"}
    inner = "".join(RESPONSE.format(name, text) for name, text in cards.items())

    async def answer(request: web.Request, _path: str) -> web.StreamResponse | None:
        body = f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">{inner}</d:multistatus>'
        return web.Response(status=207, text=body, content_type="application/xml") if request.method == "REPORT" else None

    box.sandbox.faults.append(answer)
    found = (await alice.call("nc_contacts_list_contacts", addressbook="contacts"))["contacts"]
    assert [(one["uid"], one["fn"], "broken" in one.get("note", "")) for one in found] == [
        ("nothing", "nothing", True),
        ("half", "Half a", True),
        ("good", "Person good", False),
    ]
    hits = (await alice.call("nc_contacts_search_contacts", query="person", addressbook="contacts"))["contacts"]
    assert [one["uid"] for one in hits] == ["good"]
