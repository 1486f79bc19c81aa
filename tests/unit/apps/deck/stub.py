"""A Deck with one board, one stack and one card that behaves as Deck's PUT does: what is left out is emptied."""

from typing import Any

import orjson

from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.nextcloud.answers import Answer, failure
from nextcloud_mcp_server.nextcloud.session import Person, Session

BOARD, STACK, CARD = 1, 2, 3
AT: dict[str, Any] = {"board_id": BOARD, "stack_id": STACK, "card_id": CARD}


def record(**fields: Any) -> dict[str, Any]:
    """A card as Deck tells it."""
    return {
        "id": CARD,
        "title": "Card",
        "description": "text",
        "stackId": STACK,
        "type": "plain",
        "lastModified": 1,
        "labels": [{"id": 9, "title": "Later", "color": "ff0000", "boardId": BOARD, "cardId": CARD}],
        "assignedUsers": [],
        "attachments": [],
        "owner": {"primaryKey": "alice", "uid": "alice", "displayname": "Alice", "type": 0},
        "order": 4,
        "archived": False,
        "done": None,
        "duedate": None,
        "deletedAt": 0,
        "ETag": "e1",
        **fields,
    }


class StubSession(Session):
    """Answers for the one card; `sent` are the requests that were made, `statuses` what a request ends in instead."""

    def __init__(self, card: dict[str, Any], statuses: dict[str, int] | None = None, timezone: str = "UTC") -> None:
        self.card = card
        self.statuses = statuses or {}
        self.timezone = timezone
        self.sent: list[tuple[str, str, Any]] = []

    async def request(self, method: str, path: str, *, what: str, headers: Any = None, **more: Any) -> Answer:
        body: Any = more.get("json")
        self.sent.append((method, path, body))
        status = self.statuses.get(method, 200)
        if status >= 400:
            raise failed(status, what)
        if method == "PUT" and path.endswith(f"/cards/{CARD}"):
            self.put(int(path.split("/stacks/")[1].split("/")[0]), body)
        return Answer(200, {}, orjson.dumps(self.card), what)

    def put(self, stack: int, body: dict[str, Any]) -> None:
        self.card |= {
            "title": body["title"],
            "type": body["type"],
            "stackId": stack,
            "order": body.get("order", 0),
            "description": body.get("description", ""),
            "duedate": body.get("duedate"),
            "done": body.get("done"),
        }
        if body.get("archived") is not None:
            assert not (self.card["archived"] and body["archived"]), "Deck refuses to archive an archived card"
            self.card["archived"] = body["archived"]

    async def person(self) -> Person:
        return Person.model_validate({"id": "alice", "timezone": self.timezone})

    def link(self, path: str) -> str:
        return f"https://cloud.example.org/index.php{path}"


def failed(status: int, what: str) -> NextcloudError:
    return failure(Answer(status, {}, b'{"status":0,"message":""}', what))


def deck(session: StubSession) -> Deck:
    return Deck(session)
