"""Choosing cards and showing them in lists; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from nextcloud_mcp_server.apps.deck.models import Card, CardSummary, Stack
from nextcloud_mcp_server.core.text import preview

Status = Literal["all", "open", "done", "archived"]
Detail = Literal["summary", "full"]
SHOWN_PER_STACK = 25


@dataclass(frozen=True)
class Wanted:
    """Which cards: by state (None: all that are not archived), label title in any case, and assignee's user id."""

    status: Status | None = None
    label: str | None = None
    assigned_to: str | None = None

    @property
    def active(self) -> bool:
        return self.status != "archived"

    @property
    def archived(self) -> bool:
        return self.status in ("archived", "all")

    def takes(self, card: Card) -> bool:
        """Whether a card of the right listing matches the rest."""
        if self.status in ("open", "done") and bool(card.done) != (self.status == "done"):
            return False
        return self.labelled(card) and (not self.assigned_to or self.assigned_to in assignees(card))

    def labelled(self, card: Card) -> bool:
        return not self.label or any(label.title.casefold() == self.label.strip().casefold() for label in card.labels)


@dataclass(frozen=True)
class Look:
    """How much of a card a list shows, in characters of its description."""

    detail: Detail = "summary"
    longest: int | None = None
    preview: int = 140

    def of(self, card: Card) -> Card | CardSummary:
        return summary(card, self.preview) if self.detail == "summary" else shortened(card, self.longest)

    def all(self, cards: Iterable[Card]) -> list[Card] | list[CardSummary]:
        return (
            [summary(card, self.preview) for card in cards]
            if self.detail == "summary"
            else [shortened(card, self.longest) for card in cards]
        )


def assignees(card: Card) -> list[str]:
    return [one.participant.uid or one.participant.primaryKey for one in card.assignedUsers]


def summary(card: Card, length: int) -> CardSummary:
    return CardSummary(
        id=card.id,
        title=card.title,
        archived=card.archived or None,
        duedate=card.duedate,
        done=card.done,
        labels=[label.title for label in card.labels] or None,
        assignedUsers=assignees(card) or None,
        attachmentCount=card.attachmentCount or None,
        commentsUnread=card.commentsUnread or None,
        hasDescription=bool(card.description) or None,
        descriptionPreview=preview(card.description, length) if card.description else None,
    )


def shortened(card: Card, longest: int | None) -> Card:
    """The card with its description cut to `longest` characters, and a word about it."""
    text = card.description or ""
    if longest is None or len(text) <= longest:
        return card
    note = f"description cut at {longest} of {len(text)} characters; deck_get_card has all of it"
    return card.model_copy(update={"description": text[:longest], "note": note})


def merged(active: Sequence[Stack], archived: Sequence[Stack]) -> list[Stack]:
    """The stacks of two listings of one board, each with the cards of both, in the board's order."""
    more = {stack.id: stack.cards for stack in archived}
    both = [stack.model_copy(update={"cards": [*stack.cards, *more.get(stack.id, [])]}) for stack in active] or list(archived)
    return sorted(both, key=lambda stack: (stack.order, stack.id))


def rest_of(stack: Stack, shown: int) -> str | None:
    """What to say when a stack has more cards than are shown."""
    left = len(stack.cards) - shown
    return f"{left} more: deck_get_cards with stack_id {stack.id} pages through all" if left > 0 else None
