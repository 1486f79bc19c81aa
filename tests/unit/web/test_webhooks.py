"""Whom a delivery wakes, and who may deliver."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from nextcloud_mcp_server.core.errors import InvalidValue, Unreachable
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.index.store.port import Key
from nextcloud_mcp_server.storage import Unavailable
from nextcloud_mcp_server.web.webhook_events import EVENTS, Change, Ignored, parse
from nextcloud_mcp_server.web.webhook_registration import PATH
from nextcloud_mcp_server.web.webhooks import MAX_BODY, MAX_REFUSED, Waker, Webhooks
from tests.sandbox.exchanges import CAPTURES

SECRET = "a-secret-of-some-length"
NODE = "OCP\\Files\\Events\\Node\\"
RECORDED = [json.loads(line)["body"].encode() for line in (CAPTURES / "webhooks" / "delivered.jsonl").read_text().splitlines()]


def body(name: str, user: str | None = "alice", **event: Any) -> bytes:
    return json.dumps({"event": {**event, "class": name}, "user": {"uid": user} if user else None, "time": 1}).encode()


def node(path: str, id: int | None = 7) -> dict[str, Any]:
    return {"path": path} if id is None else {"id": id, "path": path}


# Parsing


@pytest.mark.parametrize("recorded", RECORDED)
def test_what_a_real_nextcloud_sent_names_alice(recorded: bytes) -> None:
    found = parse(recorded)
    assert isinstance(found, Change)
    assert (found.operation, found.people) == ("index", {"alice"})
    assert found.documents[0] in {("file", "1003"), ("event", "alice/personal/hook-1795221755.ics")}


@pytest.mark.parametrize(
    ("name", "path", "operation", "first"),
    [
        ("NodeCreatedEvent", "/alice/files/plan.txt", "index", "file"),
        ("NodeWrittenEvent", "/alice/files/Notes/Garden/Plan.md", "index", "note"),
        ("NodeWrittenEvent", "/alice/files/Notes/photo.jpg", "index", "file"),
        ("BeforeNodeDeletedEvent", "/alice/files/Notes/Plan.txt", "delete", "note"),
        ("NodeDeletedEvent", "/alice/files/plan.txt", "delete", "file"),
    ],
)
def test_files_and_notes_are_told_apart(name: str, path: str, operation: str, first: str) -> None:
    found = parse(body(NODE + name, node=node(path)))
    assert isinstance(found, Change)
    assert (found.operation, found.documents[0]) == (operation, (first, "7"))


def test_a_file_in_another_persons_tree_wakes_both() -> None:
    assert parse(body(f"{NODE}NodeWrittenEvent", "bob", node=node("/alice/files/a.md"))) == Change(
        "index", frozenset({"alice", "bob"}), (("file", "7"), ("note", "7"))
    )


def test_a_rename_by_a_background_job_wakes_the_owners_of_both_places() -> None:
    found = parse(body(f"{NODE}NodeRenamedEvent", None, source=node("/alice/files/a", None), target=node("/bob/files/b", 9)))
    assert isinstance(found, Change)
    assert (found.people, found.documents[0]) == ({"alice", "bob"}, ("file", "9"))


@pytest.mark.parametrize("path", ["/alice/files_versions/a.v1", "/alice/files_trashbin/files/a.d1", "/appdata_x/preview/1", "/alice", ""])
def test_versions_trash_and_previews_wake_nobody(path: str) -> None:
    assert isinstance(parse(body(f"{NODE}NodeWrittenEvent", node=node(path))), Ignored)


def test_a_shared_calendar_wakes_owner_actor_and_sharees_but_no_group() -> None:
    shares = [{"href": "principal:principals/users/carol"}, {"href": "principal:principals/groups/all"}, "x", {"href": None}]
    calendar = {"uri": "team", "principaluri": "principals/users/alice"}
    item = {"uri": "x.ics", "component": "vtodo"}
    found = parse(
        body("OCP\\Calendar\\Events\\CalendarObjectMovedToTrashEvent", "bob", calendarData=calendar, shares=shares, objectData=item)
    )
    assert found == Change("delete", frozenset({"alice", "bob", "carol"}), (("task", "alice/team/x.ics"),))


def test_an_event_moved_between_calendars_wakes_the_people_of_both() -> None:
    found = parse(
        body(
            "OCP\\Calendar\\Events\\CalendarObjectMovedEvent",
            sourceCalendarData={"uri": "a", "principaluri": "principals/users/bob"},
            targetCalendarData={"uri": "b", "principaluri": "principals/users/carol"},
            targetShares=[{"href": "principal:principals/users/dave"}],
            objectData={"uri": "x.ics", "component": "vevent"},
        )
    )
    assert isinstance(found, Change)
    assert found.people == {"alice", "bob", "carol", "dave"}
    assert found.documents == (("event", "carol/b/x.ics"), ("event", "bob/a/x.ics"))


@pytest.mark.parametrize("event", [{"objectId": "5"}, {"objectIds": ["5"]}, {"objectId": 5}])
def test_tags_of_either_event_class_concern_the_file(event: dict[str, Any]) -> None:
    name = "OCP\\SystemTag\\" + ("MapperEvent" if "objectId" in event else "TagAssignedEvent")
    assert parse(body(name, objectType="files", **event)) == Change("index", frozenset({"alice"}), (("file", "5"), ("note", "5")))
    assert isinstance(parse(body(name, objectType="calendar", **event)), Ignored)


@pytest.mark.parametrize(
    ("card", "more", "people", "documents"),
    [
        ({"id": 3, "stackId": 2}, {}, {"alice"}, ()),
        ({"id": 3, "owner": "bob"}, {"boardId": 1}, {"alice", "bob"}, (("card", "1/3"),)),
        ({"id": 3, "owner": {"uid": "bob"}, "boardId": 1}, {}, {"alice", "bob"}, (("card", "1/3"),)),
    ],
)
def test_a_card_wakes_who_changed_it_and_who_owns_it(
    card: dict[str, Any], more: dict[str, Any], people: set[str], documents: tuple[tuple[str, str], ...]
) -> None:
    assert parse(body("OCA\\Deck\\Event\\CardDeletedEvent", card=card, **more)) == Change("delete", frozenset(people), documents)


@pytest.mark.parametrize("name", ["OCA\\Deck\\Event\\BoardUpdatedEvent", "OCP\\Talk\\Something", "x" * 5000])
def test_unknown_events_are_ignored_with_a_short_reason(name: str) -> None:
    found = parse(body(name))
    assert isinstance(found, Ignored)
    assert len(found.reason) < 600


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b"null", b"{}", b'{"event":[]}', b'{"event":{"class":5}}', b"\xff\xfe"])
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(InvalidValue):
        parse(garbage)


KEYS = st.sampled_from(["node", "source", "target", "id", "path", "calendarData", "objectData", "shares", "href", "objectType", "card"])
PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)


@given(st.sampled_from(EVENTS), JSON, JSON)
def test_whatever_a_known_event_carries_it_is_a_change_or_ignored(name: str, event: Any, user: Any) -> None:
    sent = {"event": {**(event if isinstance(event, dict) else {"node": event}), "class": name}, "user": user}
    assert isinstance(parse(json.dumps(sent).encode()), Change | Ignored)


# The route


@dataclass
class Known:
    """Who sees what."""

    rows: dict[tuple[str, str, str], str] = field(default_factory=dict[tuple[str, str, str], str])

    async def owner(self, user: str, doc_type: str, doc_id: str) -> str | None:
        return self.rows.get((user, doc_type, doc_id))

    async def seers(self, key: Key) -> frozenset[str]:
        return frozenset(user for (user, *ref), owner in self.rows.items() if (owner, *ref) == (key.owner, key.doc_type, key.doc_id))


@dataclass
class Follower:
    deliveries: int = 0
    woken: list[str] = field(default_factory=list[str])
    known: Known = field(default_factory=Known)
    problem: Exception | None = None

    @property
    def state(self) -> State:
        return cast(State, self.known)

    async def heard(self) -> None:
        if self.problem:
            raise self.problem
        self.deliveries += 1

    async def wake(self, user: str) -> None:
        self.woken.append(user)


@pytest.fixture
def follower() -> Follower:
    return Follower()


@pytest.fixture
async def http(follower: Follower) -> AsyncGenerator[httpx2.AsyncClient]:
    app = Starlette(routes=Webhooks(SECRET, cast(Any, follower), gap=0).routes())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://server") as client:
        yield client


async def post(http: httpx2.AsyncClient, content: bytes, authorization: str | None = f"Bearer {SECRET}") -> httpx2.Response:
    return await http.post(PATH, content=content, headers={} if authorization is None else {"Authorization": authorization.encode()})


WRITTEN = body(f"{NODE}NodeWrittenEvent", node=node("/alice/files/Notes/a.md"))


async def test_a_delivery_without_content_type_wakes_the_person(http: httpx2.AsyncClient, follower: Follower) -> None:
    answer = await post(http, WRITTEN)
    assert (answer.status_code, answer.json()) == (200, {"status": "queued", "doc_type": "note", "doc_id": "7", "operation": "index"})
    assert follower.woken == ["alice"]
    assert follower.deliveries == 1


async def test_everybody_who_sees_a_shared_document_is_woken(http: httpx2.AsyncClient, follower: Follower) -> None:
    follower.known.rows = {("alice", "note", "7"): "carol", ("bob", "note", "7"): "carol", ("dave", "note", "8"): "carol"}
    await post(http, WRITTEN)
    assert follower.woken == ["alice", "bob"]


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {SECRET}", SECRET, f"Bearer {SECRET}x", "Bearer \xff"]
)
async def test_nobody_without_the_secret_wakes_anybody(http: httpx2.AsyncClient, follower: Follower, authorization: str | None) -> None:
    answer = await post(http, WRITTEN, authorization)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert SECRET not in answer.text
    assert (follower.woken, follower.deliveries) == ([], 0)


async def test_guessing_is_slowed_down_and_does_not_lock_nextcloud_out(http: httpx2.AsyncClient) -> None:
    answers = [(await post(http, b"", "Bearer guess")).status_code for _ in range(MAX_REFUSED + 1)]
    assert answers == [401] * MAX_REFUSED + [429]
    assert (await post(http, WRITTEN)).status_code == 200


async def test_an_ignored_event_says_why_and_garbage_is_refused(http: httpx2.AsyncClient, follower: Follower) -> None:
    assert (await post(http, body("OCA\\Deck\\Event\\BoardUpdatedEvent"))).json()["status"] == "ignored"
    assert (await post(http, b"{")).status_code == 400
    assert (await post(http, b" " * (MAX_BODY + 1))).status_code == 413
    assert follower.woken == []


@pytest.mark.parametrize("problem", [Unavailable("locked"), Unreachable("Search is starting.")])
async def test_background_work_that_is_not_there_is_503(http: httpx2.AsyncClient, follower: Follower, problem: Exception) -> None:
    follower.problem = problem
    answer = await post(http, WRITTEN)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    follower.problem = None
    assert (await post(http, WRITTEN)).status_code == 200
    assert follower.woken == ["alice"]


async def test_a_get_is_not_answered(http: httpx2.AsyncClient) -> None:
    assert (await http.get(PATH)).status_code == 405


async def test_many_deliveries_at_once_are_two_wakes_the_last_of_them_after_all() -> None:
    import asyncio

    woken: list[int] = []
    seen = 0
    after = asyncio.Event()

    async def wake(_: str) -> None:
        woken.append(seen)
        if len(woken) == 2:
            after.set()

    waker = Waker(wake, gap=0.01)
    for _ in range(1000):
        seen += 1
        await waker.wake("alice")
    await asyncio.wait_for(after.wait(), 5)
    assert woken == [1, 1000]
