"""What Deck costs an assistant, in o200k tokens."""

import bpe_openai
import orjson

from nextcloud_mcp_server.apps.deck import APP
from nextcloud_mcp_server.apps.deck.listing import Look
from nextcloud_mcp_server.apps.deck.models import Card
from nextcloud_mcp_server.core.page import paginate
from nextcloud_mcp_server.server.binding import Bound
from nextcloud_mcp_server.server.shaping import answer
from nextcloud_sandbox.areas.deck.seed import HOME, RELAUNCH, Plan
from tests.unit.apps.deck.stub import record

ENCODING = bpe_openai.get_encoding("o200k_base")
TOOLS = {tool.name: tool for tool in APP.tools.tools}
ALL_TOOLS = 38


def tokens(text: str) -> int:
    return len(ENCODING.encode(text))


def card(number: int, plan: Plan) -> Card:
    labels = [{"id": 9000 + n, "title": title} for n, title in enumerate(plan.labels)]
    people = [{"id": n, "participant": {"uid": uid, "primaryKey": uid}} for n, uid in enumerate(plan.people)]
    due = None if plan.due is None else "2026-12-24T09:00:00+00:00"
    done = "2026-11-20T09:00:00+00:00" if plan.done else None
    known = {"labels": labels, "assignedUsers": people, "duedate": due, "done": done, "description": plan.text, "archived": plan.archived}
    return Card.model_validate(record(id=1000 + number, title=plan.title, stackId=412, **known))


def test_a_list_of_25_cards_costs_at_most_1100_tokens() -> None:
    plans = [plan for board in (RELAUNCH, HOME) for stack in board.values() for plan in stack][:25]
    cards = [card(number, plan) for number, plan in enumerate(plans)]
    page = paginate(cards, 25, None, stack_id=412, card_url="https://cloud.example.org/index.php/apps/deck/board/148/card/{id}").map(
        Look().of
    )
    text = answer(TOOLS["deck_get_cards"], page).decode()
    assert len(orjson.loads(text)["cards"]) == 25
    assert tokens(text) <= 1100


def test_the_tools_of_deck_are_lean() -> None:
    costs = [
        tokens(tool.name) + tokens(tool.description or "") + tokens(orjson.dumps(tool.input_schema).decode())
        for tool in (Bound(one).mcp for one in TOOLS.values())
    ]
    assert len(costs) >= ALL_TOOLS
    assert sum(costs) / len(costs) <= 90
    assert max(costs) <= 200
