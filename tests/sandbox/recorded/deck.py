"""Recordings of Deck's REST and OCS APIs."""

from nextcloud_sandbox.areas.deck.state import Decks
from nextcloud_sandbox.core import Sandbox
from tests.sandbox.replay import Plan, Replay

WELCOME = (
    ("Custom lists - click to rename!", ("1. Open to learn more about boards and cards",)),
    ("To Do", ("2. Drag cards left and right, up and down", "Create your first card!")),
    ("In Progress", ("3. Apply rich formatting and link content",)),
    ("Done", ("4. Share, comment and collaborate!",)),
)
LABELLED = "Read more inside"


def setup(sandbox: Sandbox) -> None:
    """The board that Deck makes for everybody, and four that alice deleted."""
    decks = Decks(sandbox)
    welcome(decks)
    for title, color in (("Testbed board", "0800fd"), ("hdr", "ff0000"), ("via oidc", "ff0000"), ("via oidc", "ff0000")):
        board = decks.add_board(title, "alice", color)
        if title == "Testbed board":
            decks.add_acl(board.id, "bob")
            decks.add_stack(board.id, "Todo", 1)
        board.deleted = decks.now


def welcome(decks: Decks) -> None:
    board = decks.add_board("Welcome to Nextcloud Deck!", "alice", "bf678b")
    decks.add_label(board.id, LABELLED, "CC317C")
    labels = {label.title: label.id for label in decks.labels_of(board.id)}
    for order, (title, cards) in enumerate(WELCOME):
        stack = decks.add_stack(board.id, title, order)
        for name in cards:
            card = decks.add_card(stack.id, name, "alice", order=0, description=text_of(name))
            card.type = "text"
            card.labels = [labels["Action needed" if name.startswith("Create") else LABELLED]]


def text_of(title: str) -> str:
    """The recorded texts are Deck's own; a word of the search is in all of them but that of the first card to make."""
    return "" if title.startswith("Create") else "A card of the board that everybody gets."


async def first_title(replay: Replay) -> None:
    board = Decks(replay.sandbox).store.boards[int(replay.numbers["148"])]
    board.title, board.color = "Testbed board", "0800fd"


async def another_board(replay: Replay) -> None:
    decks = Decks(replay.sandbox)
    replay.numbers["150"] = str(decks.add_board("to delete", "alice", "00ff00").id)


PLAN = Plan(
    "deck",
    setup=setup,
    who={"85-unauth.txt": "bearer:alice"},
    before={"15-stack-create.txt": first_title, "79-board-delete.txt": another_board},
    loose={"70-*": frozenset({"description"}), "71-*": frozenset({"description"})},
)
