"""Demo data: a board that alice and bob work on, one of alice's own, and one of bob's. Dates lie around the day it is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nextcloud_sandbox.areas.deck.attachments import attach
from nextcloud_sandbox.areas.deck.state import EDIT, Board, Card, Decks
from nextcloud_sandbox.core import Sandbox


@dataclass(frozen=True)
class Plan:
    """A card to make: due in `due` days, with labels and people; `done` and `archived` as they say."""

    title: str
    text: str = ""
    labels: Sequence[str] = ()
    people: Sequence[str] = ()
    due: int | None = None
    done: bool = False
    archived: bool = False


RELAUNCH = {
    "Ideas": (
        Plan("Dark mode for the shop", "Many visitors ask for it. Look at what the theme supports first."),
        Plan("Search with suggestions"),
        Plan("Gift cards", "Only if payment and bookkeeping can do it without manual work.", labels=("Later",)),
        Plan("Newsletter archive on the site", labels=("Later",)),
        Plan("Product videos", "Ask three customers which products need them."),
        Plan("Chat in the evening hours"),
    ),
    "To do": (
        Plan("Write the imprint and privacy pages", "- [ ] imprint\n- [ ] privacy\n- [ ] cookie banner", ("Action needed",), ("alice",), 3),
        Plan("Choose a payment provider", "Compare fees for 500 orders a month.", people=("bob",), due=5),
        Plan("Take photos of the new products", people=("bob",), due=9),
        Plan("Redirect the old addresses", "List all pages of the old site with more than ten visits a month.", due=12),
        Plan("Test the order form on old phones", labels=("To review",)),
        Plan("Translate the product texts to French", "Start with the twenty products that sell best.", people=("alice",), due=20),
        Plan("Backup of the old shop", "Database and pictures; keep it for ten years.", ("Action needed",), ("bob",), -1),
        Plan("Terms for business customers"),
        Plan("Plan the launch day", "Who answers the phone, who watches the server, who writes to the press.", due=25),
    ),
    "Doing": (
        Plan("Design of the start page", "Second draft: larger pictures, fewer words.", ("To review",), ("alice", "bob"), 1),
        Plan("Move customer accounts", "Passwords cannot be moved: send everybody a link.", ("Action needed",), ("bob",), 2),
        Plan("Shipping prices by country", people=("alice",), due=4),
        Plan("Speed of the product list", "4.2 s on a phone; the goal is 1.5 s.", people=("bob",)),
    ),
    "Done": (
        Plan("Order the domain", labels=("Finished",), people=("alice",), done=True),
        Plan("Collect what customers complain about", "See the note 'Shop complaints'.", ("Finished",), ("alice",), done=True),
        Plan("Set up the test server", people=("bob",), done=True),
        Plan("Offer of the agency", "Too expensive; we do it ourselves.", done=True, archived=True),
        Plan("Kick-off meeting", archived=True),
    ),
}
HOME = {
    "Some day": (
        Plan("Learn to bake bread"),
        Plan("Sort the photos of the last ten years", "One year per evening."),
        Plan("Repaint the hall"),
        Plan("Bike tour along the river", "Four days; by train back.", ("Later",)),
    ),
    "Soon": (
        Plan("Renew the passport", "Photo, old passport, 70 euros.", ("Action needed",), due=14),
        Plan("Dentist", due=8),
        Plan("Present for mother", "She liked the blue bowl at the market.", due=6),
        Plan("Repair the kitchen tap", labels=("Action needed",), due=0),
        Plan("Read the contract of the new flat"),
    ),
    "Waiting": (Plan("Refund of the train ticket", "Claim 4711, sent by post.", due=-3), Plan("Answer of the landlord")),
    "Done": (
        Plan("Tax return", labels=("Finished",), done=True),
        Plan("Winter tyres", done=True),
        Plan("Cancel the old newspaper", archived=True),
    ),
}
WORKSHOP = {"Open": (Plan("Book the room", due=7), Plan("Invite the speakers")), "Closed": (Plan("Agree on the topic", done=True),)}
COMMENTS = (
    ("Design of the start page", "bob", "The second draft is much better. Can the logo be smaller?"),
    ("Design of the start page", "alice", "@bob yes, I try it tomorrow."),
    ("Choose a payment provider", "alice", "Please ask for a fixed price for refunds too."),
    ("Backup of the old shop", "bob", "The disk is full, I need another one."),
)


def seed(sandbox: Sandbox) -> None:
    decks = Decks(sandbox)
    relaunch = fill(decks, "Shop relaunch", "alice", "0082c9", RELAUNCH)
    decks.add_acl(relaunch.id, "bob", rights=[EDIT])
    fill(decks, "Home", "alice", "9c5a1c", HOME)
    fill(decks, "Workshop", "bob", "46ba61", WORKSHOP)
    cards = {card.title: card for card in decks.store.cards.values()}
    for title, who, text in COMMENTS:
        decks.add_comment(cards[title], who, text)
    with_file(decks, cards["Write the imprint and privacy pages"])


def fill(decks: Decks, title: str, owner: str, color: str, stacks: dict[str, tuple[Plan, ...]]) -> Board:
    board = decks.add_board(title, owner, color)
    labels = {label.title: label.id for label in decks.labels_of(board.id)}
    for order, (name, plans) in enumerate(stacks.items()):
        stack = decks.add_stack(board.id, name, order)
        for position, plan in enumerate(plans):
            card = decks.add_card(stack.id, plan.title, owner, order=position, description=plan.text, duedate=day(decks, plan.due))
            card.labels = [labels[label] for label in plan.labels]
            card.done, card.archived = day(decks, -2) if plan.done else None, plan.archived
            for person in plan.people:
                decks.assign(card, person, owner)
    return board


def day(decks: Decks, days: int | None) -> str | None:
    """Nine in the morning, so many days from now."""
    if days is None:
        return None
    today = datetime.fromtimestamp(decks.now, UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=days)).isoformat()


def with_file(decks: Decks, card: Card) -> None:
    files = decks.sandbox.files("alice")
    if not files.exists("/Deck"):
        files.mkdir("/Deck")
    made = files.write("/Deck/imprint-checklist.md", b"# Imprint\n\n- name and address\n- e-mail\n- register number\n")
    attach(decks, card, "alice", made.node.id)
