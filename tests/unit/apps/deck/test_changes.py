"""A partial update of a card changes what is named and nothing else."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.deck.changes import in_utc, is_naive, replacement, same_version
from nextcloud_mcp_server.apps.deck.models import Card
from nextcloud_mcp_server.apps.deck.tools.cards import deck_create_card, deck_update_card
from nextcloud_mcp_server.core.errors import BadAnswer, Changed, InvalidValue
from tests.unit.apps.deck.stub import AT, CARD, STACK, StubSession, deck, record

TEXTS = st.text(max_size=30)
MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat())
CARDS = st.fixed_dictionaries(
    {
        "title": TEXTS.filter(bool),
        "description": st.none() | TEXTS,
        "type": st.sampled_from(["plain", "text"]),
        "order": st.integers(0, 999),
        "archived": st.booleans(),
        "duedate": st.none() | MOMENTS,
        "done": st.none() | MOMENTS,
    }
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXTS.filter(bool),
        "description": TEXTS,
        "type": st.sampled_from(["plain", "text"]),
        "order": st.integers(0, 999),
        "archived": st.booleans(),
        "duedate": st.just("") | MOMENTS,
        "done": st.just("") | MOMENTS,
    },
).filter(bool)


@settings(max_examples=300, deadline=None)
@given(CARDS, CHANGES)
def test_what_is_not_named_survives_a_replacing_put(card: dict[str, Any], change: dict[str, Any]) -> None:
    before = record(**card)
    session = StubSession(dict(before))
    asyncio.run(deck_update_card(deck(session), **AT, **change))
    expected = before | {name: None if value == "" and name in ("duedate", "done") else value for name, value in change.items()}
    expected["description"] = expected["description"] or ""
    assert session.card == expected


@settings(max_examples=100)
@given(CARDS)
def test_none_keeps_every_field(card: dict[str, Any]) -> None:
    whole = Card.model_validate(record(**card))
    empty: dict[str, Any] = dict.fromkeys(("title", "description", "type", "owner", "order", "archived", "duedate", "done"))
    sent = replacement(whole, empty)
    assert sent.pop("description") == (card["description"] or "")
    assert sent.pop("owner") == "alice"
    assert sent == {name: card[name] for name in ("title", "type", "order", "duedate", "done")}


@pytest.mark.parametrize("missing", ["title", "description", "type", "order", "owner", "duedate", "archived", "stackId"])
async def test_a_card_that_is_told_incompletely_is_not_replaced(missing: str) -> None:
    session = StubSession({name: value for name, value in record().items() if name != missing})
    with pytest.raises(BadAnswer):
        await deck_update_card(deck(session), **AT, title="x")
    assert [method for method, _, _ in session.sent] == ["GET"]


async def test_a_card_in_another_stack_is_not_touched() -> None:
    session = StubSession(record(stackId=77))
    with pytest.raises(InvalidValue, match="is in stack 77, not in 2"):
        await deck_update_card(deck(session), **AT, title="x")
    assert [method for method, _, _ in session.sent] == ["GET"]


@pytest.mark.parametrize("etag", ["e1", '"e1"', 'W/"e1"', None, ""])
def test_the_current_etag_in_any_form_and_none_at_all_pass(etag: str | None) -> None:
    same_version(etag, "e1", "Card 3")


def test_another_etag_tells_the_current_one() -> None:
    with pytest.raises(Changed) as raised:
        same_version("e0", "e1", "Card 3")
    assert raised.value.etag == "e1"


@given(st.integers(0, 4_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_offsets_become_utc_to_the_second(seconds: int, minutes: int) -> None:
    aware = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    written = in_utc(aware.isoformat())
    assert written is not None
    assert written.endswith("+00:00")
    assert datetime.fromisoformat(written) == aware


@pytest.mark.parametrize(
    ("given_as", "written"),
    [("2026-12-24", "2026-12-23T23:00:00+00:00"), ("2026-07-01T10:00", "2026-07-01T08:00:00+00:00"), ("", ""), (None, None)],
)
def test_times_without_an_offset_are_meant_in_the_zone(given_as: str | None, written: str | None) -> None:
    assert in_utc(given_as, ZoneInfo("Europe/Berlin")) == written
    assert is_naive(given_as) == bool(given_as)


async def test_a_new_card_is_due_in_the_persons_time_zone() -> None:
    session = StubSession(record(), timezone="America/New_York")
    session.card = {"id": 1, "title": "b", "stacks": [{"id": STACK, "title": "s", "boardId": 1}], **record(id=CARD)}
    await deck_create_card(deck(session), 1, STACK, "New", duedate="2026-12-24T18:00:00")
    assert session.sent[-1][2]["duedate"] == "2026-12-24T23:00:00+00:00"


@pytest.mark.parametrize("wrong", ["tomorrow", "2026-13-01", "10:00", "24.12.2026"])
def test_what_is_no_time_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(InvalidValue, match="is not a date") as raised:
        in_utc(wrong)
    assert "2026-12-24" in raised.value.explain()
