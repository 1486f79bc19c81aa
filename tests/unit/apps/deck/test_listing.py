"""Choosing cards, and how little of them a list needs."""

from typing import Any

import pytest

from nextcloud_mcp_server.apps.deck.listing import Look, Wanted, merged, rest_of, shortened, summary
from nextcloud_mcp_server.apps.deck.models import Card, Stack
from tests.unit.apps.deck.stub import record

DONE = "2026-01-01T00:00:00+00:00"


def card(**fields: Any) -> Card:
    return Card.model_validate(record(**fields))


@pytest.mark.parametrize(
    ("status", "done", "taken"),
    [(None, None, True), (None, DONE, True), ("open", None, True), ("open", DONE, False), ("done", None, False), ("done", DONE, True)],
)
def test_open_and_done_are_told_apart(status: Any, done: str | None, taken: bool) -> None:
    assert Wanted(status).takes(card(done=done)) is taken


@pytest.mark.parametrize("done", [None, DONE])
def test_archived_and_all_take_done_and_open_cards(done: str | None) -> None:
    assert Wanted("archived").takes(card(done=done, archived=True))
    assert Wanted("all").takes(card(done=done))


@pytest.mark.parametrize(
    ("status", "lists"), [(None, (True, False)), ("open", (True, False)), ("archived", (False, True)), ("all", (True, True))]
)
def test_only_the_lists_that_are_needed_are_asked_for(status: Any, lists: tuple[bool, bool]) -> None:
    wanted = Wanted(status)
    assert (wanted.active, wanted.archived) == lists


def test_deck_answers_with_nulls_objects_and_bare_names_are_understood() -> None:
    odd = card(labels=None, assignedUsers=None, attachments={"0": {"id": 1, "extendedData": []}}, owner="alice", description=None)
    assert (odd.labels, odd.assignedUsers, odd.owner, odd.attachments[0].extendedData) == ([], [], "alice", {})
    assert summary(odd, 140).model_dump(exclude_none=True) == {"id": 3, "title": "Card"}


def test_a_label_that_is_on_a_card_twice_is_shown_once() -> None:
    label = {"id": 9, "title": "Later", "color": "ff0000"}
    assert summary(card(labels=[label, label]), 140).labels == ["Later"]


def test_an_assignee_may_be_an_object_or_a_name() -> None:
    people = [{"id": 1, "participant": {"primaryKey": "bob", "uid": "bob"}}, {"id": 2, "participant": "carol"}]
    assert summary(card(assignedUsers=people), 140).assignedUsers == ["bob", "carol"]


def test_a_cut_description_says_so_and_a_short_one_does_not() -> None:
    assert shortened(card(description="x" * 10), 10).note is None
    cut = shortened(card(description="x" * 11), 10)
    assert cut.description == "x" * 10
    assert cut.note == "description cut at 10 of 11 characters; deck_get_card has all of it"
    assert Look("full").of(card(description="x" * 9000)).note is None  # type: ignore[union-attr]


def test_stacks_stand_in_the_order_of_the_board_with_the_cards_of_both_lists() -> None:
    active = [Stack(id=1, order=5, cards=[card(id=10)]), Stack(id=2, order=1), Stack(id=3, order=1)]
    archived = [Stack(id=1, order=5, cards=[card(id=11)]), Stack(id=2, order=1, cards=[card(id=12)])]
    assert [(stack.id, [one.id for one in stack.cards]) for stack in merged(active, archived)] == [(2, [12]), (3, []), (1, [10, 11])]
    assert [stack.id for stack in merged([], archived)] == [2, 1]


def test_what_is_not_shown_is_said() -> None:
    stack = Stack(id=7, cards=[card(), card()])
    assert rest_of(stack, 2) is None
    assert "1 more" in (rest_of(stack, 1) or "")
