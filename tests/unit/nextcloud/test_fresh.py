"""What is kept between a listing and its fetches is never older than the listing."""

import pytest

from nextcloud_mcp_server.core.documents import Document
from nextcloud_mcp_server.nextcloud import fresh
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import basic
from nextcloud_mcp_server.nextcloud.fresh import Fresh
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.transport import Address, Transport

ADDRESS = "http://127.0.0.1:9"


def person(name: str, cache: Cache) -> Session:
    return Session(Transport(Address(ADDRESS, ADDRESS), "test"), basic(name, "secret"), cache)


@pytest.fixture
def shelf() -> Fresh:
    return Fresh(person("alice", Cache()), "note")


def document(id: str, version: str = "1", text: str = "") -> Document:
    return Document(id, version, "title", text)


def test_a_document_is_given_out_once(shelf: Fresh) -> None:
    shelf.bring(document("a"))
    assert shelf.take("a") == document("a")
    assert shelf.take("a") is None


def test_people_and_types_do_not_share(shelf: Fresh) -> None:
    cache = Cache()
    mine, theirs = Fresh(person("alice", cache), "note"), Fresh(person("bob", cache), "note")
    mine.bring(document("a"))
    assert theirs.take("a") is None
    assert Fresh(mine.session, "file").take("a") is None
    assert mine.take("a") == document("a")


def test_a_newer_listing_takes_away_what_an_older_one_left(shelf: Fresh) -> None:
    shelf.bring(document("a"))
    shelf.expect(["a", "b"])
    assert shelf.take("a") is None


def test_what_is_read_while_a_listing_begins_is_not_kept(shelf: Fresh) -> None:
    shelf.expect(["a", "b"])
    ahead = shelf.ahead(["a"], 10)
    assert ahead.ids == ("a", "b")
    shelf.expect(["b"])
    assert ahead.sorted([document("a"), document("b", "old")], {"a"}) == [document("a")]
    assert shelf.take("b") is None


def test_reading_ahead_takes_expected_ones_that_nobody_reads_yet(shelf: Fresh) -> None:
    shelf.expect(map(str, range(6)))
    shelf.bring(document("1"))
    first, second = shelf.ahead(["0"], 3), shelf.ahead(["5", "elsewhere"], 3)
    assert (first.ids, second.ids) == (("0", "2", "3"), ("5", "elsewhere", "4"))
    assert first.sorted([document(id) for id in ("3", "2", "0", "9")], {"0"}) == [document("0")]
    assert shelf.take("3") == document("3")
    assert shelf.take("9") is None


def test_the_oldest_go_when_there_is_too_much(shelf: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "CHARACTERS", 3 * (fresh.OVERHEAD + 10))
    for number in range(4):
        shelf.bring(document(str(number), text="x" * 10))
    assert [shelf.take(str(number)) is None for number in range(4)] == [True, False, False, False]


def test_what_nobody_asks_for_is_forgotten_in_time(shelf: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "SECONDS", 0.0)
    shelf.expect(["a", "b"])
    shelf.bring(document("a"))
    assert shelf.take("a") is None
    shelf.bring(document("b"))
    assert shelf.ahead(["c"], 2).ids == ("c", "b")
