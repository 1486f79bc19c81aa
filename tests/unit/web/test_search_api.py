"""Search, status and context over HTTP: the caller's own, and refused in one shape."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from starlette.applications import Starlette

from nextcloud_mcp_server.auth.inbound.management import METHOD
from nextcloud_mcp_server.auth.management import Given
from nextcloud_mcp_server.auth.ports import Unauthorized
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.documents import IndexSource
from nextcloud_mcp_server.core.errors import InvalidValue, Unreachable
from nextcloud_mcp_server.index.answers import SyncStatus
from nextcloud_mcp_server.index.bodies import Body
from nextcloud_mcp_server.index.search import Ask, Hit, Results
from nextcloud_mcp_server.index.store.port import Key
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.storage import Unavailable
from nextcloud_mcp_server.web.management.calls import Api, Features
from nextcloud_mcp_server.web.management.operations import routes
from nextcloud_mcp_server.web.search_api import SearchApi

TEXT = "One two three. Four five six. Seven eight nine."
PASSAGES = [Body("Plan", TEXT[:14], 0, 14, 1, 3), Body("Plan", TEXT[15:29], 15, 29, 1, 3), Body("Plan", TEXT[30:], 30, 47, 2, 3)]


@dataclass
class Source:
    """A source of which one document may be read."""

    mine: str

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(ids) & {self.mine}


@dataclass
class Fake:
    """What is found, and what was asked as whom."""

    reranks: bool = False
    asked: list[tuple[Caller, Ask]] = field(default_factory=list[tuple[Caller, Ask]])
    users: list[str] = field(default_factory=list[str])
    hits: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = ()
    problem: Exception | None = None
    purged: list[str] = field(default_factory=list[str])

    async def search(self, caller: Caller, session: Session, ask: Ask) -> Results:
        if self.problem:
            raise self.problem
        self.asked.append((caller, ask))
        return Results(self.hits, withheld=1, notes=self.notes, more=True)

    async def status(self, user: str) -> SyncStatus:
        self.users.append(user)
        return SyncStatus(status="idle", indexed_documents=3, pending_count=2)

    async def purge(self, doc_type: str) -> int:
        if doc_type == "broken":
            raise Unavailable("The disk is full.")
        self.purged.append(doc_type)
        return 3

    async def sources(self, caller: Caller, session: Session) -> Mapping[str, IndexSource]:
        return {"note": cast(IndexSource, Source("7" if caller.subject == "alice" else "8"))}

    async def passages(self, user: str, doc_type: str, doc_id: str) -> Sequence[Body]:
        self.users.append(user)
        return PASSAGES if (doc_type, doc_id) == ("note", "7") else []


@dataclass
class Account:
    """A session whose user id is the name."""

    name: str

    async def uid(self) -> str:
        return self.name

    async def person(self) -> Any:
        return SimpleNamespace(id=self.name, groups=["admin"] if self.name == "alice" else ["staff"])


class Sides:
    """One account for each token; `management` None is single-user mode."""

    management: Any = None

    def now(self) -> Any:
        return SimpleNamespace(management=self.management)

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        name = headers.get("authorization", "").removeprefix("Bearer ")
        if name not in ("alice", "bob"):
            raise Unauthorized("Show a token.", "Bearer")
        return Caller("local", name)

    async def session(self, caller: Caller) -> Any:
        return Account(caller.subject)


@pytest.fixture
def index() -> Fake:
    return Fake()


@pytest.fixture
def sides() -> Sides:
    return Sides()


@pytest.fixture
async def http(index: Fake, sides: Sides) -> AsyncGenerator[httpx2.AsyncClient]:
    api = Api(cast(Any, sides), Features("1.0", "basic"), frozenset)
    app = Starlette(routes=routes(api, SearchApi(cast(Any, index)).operations()))
    headers = {"Authorization": "Bearer alice"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://server/api/v1", headers=headers) as client:
        yield client


def hit(doc_type: str = "note", doc_id: str = "7", score: float = 0.5, **more: Any) -> Hit:
    return Hit(Key("carol", doc_type, doc_id), 1, PASSAGES[1], score, ("dense", "sparse"), **more)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/search"),
        ("POST", "/vector-sync/purge"),
        ("GET", "/vector-sync/status"),
        ("GET", "/chunk-context?doc_type=note&doc_id=7&start=0&end=14"),
    ],
)
async def test_nobody_is_answered_without_a_token(http: httpx2.AsyncClient, index: Fake, method: str, path: str) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer mallory"}):
        answer = await http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    assert (index.asked, index.users) == ([], [])


async def test_a_hit_says_where_it_is_and_whence_it_came(http: httpx2.AsyncClient, index: Fake) -> None:
    index.hits = (hit(link="http://cloud/n/7"),)
    found = (await http.post("/search", json={"query": "four"})).json()
    assert found["results"] == [
        {
            "id": "7",
            "doc_type": "note",
            "title": "Plan",
            "score": 0.5,
            "relevance": 0.5,
            "relevance_source": "dense+sparse",
            "excerpt": "Four five six.",
            "url": "http://cloud/n/7",
            "mime_type": "text/plain",
            "page_number": 1,
            "chunk_index": 1,
            "total_chunks": 3,
            "chunk_start_offset": 15,
            "chunk_end_offset": 29,
        }
    ]
    assert {name: found[name] for name in ("total_found", "algorithm_used", "reranked", "withheld", "has_more")} == {
        "total_found": 1,
        "algorithm_used": "hybrid",
        "reranked": False,
        "withheld": 1,
        "has_more": True,
    }


async def test_cards_and_events_carry_the_ids_of_their_apps(http: httpx2.AsyncClient, index: Fake) -> None:
    index.hits = (hit("card", "3/9"), hit("event", "carol/team/x.ics"), hit(reranked=True))
    card, event, note = (await http.post("/search", json={"query": "four"})).json()["results"]
    assert (card["board_id"], card["card_id"]) == ("3", "9")
    assert (event["calendar_id"], "board_id" in event) == ("team", False)
    assert (note["rerank_score"], note["relevance_source"]) == (0.5, "rerank")


async def test_everything_asked_for_reaches_the_search(http: httpx2.AsyncClient, index: Fake) -> None:
    body = {
        "query": "q",
        "algorithm": "bm25",
        "limit": 5,
        "offset": 10,
        "granularity": "chunk",
        "doc_types": ["note", "file"],
        "path_prefix": "/a",
        "path_prefixes": ["/b"],
        "modified_after": "2026-01-01T00:00:00Z",
        "modified_before": 1_800_000_000,
        "rerank": False,
    }
    assert (await http.post("/search", json=body)).status_code == 200
    caller, ask = index.asked[0]
    assert caller.subject == "alice"
    assert (ask.query, ask.limit, ask.offset, ask.by_document, ask.rerank) == ("q", 5, 10, False, False)
    assert (ask.retrievers, ask.doc_types, ask.path_prefixes) == ({"sparse"}, {"note", "file"}, {"/a", "/b"})
    assert ask.after is not None
    assert ask.before is not None
    assert (ask.after.timestamp(), ask.before.timestamp()) == (1_767_225_600, 1_800_000_000)


async def test_weak_hits_and_excerpts_are_left_out_where_asked(http: httpx2.AsyncClient, index: Fake) -> None:
    index.hits = (hit(score=0.9), hit(score=0.2))
    found = (await http.post("/search", json={"query": "q", "min_relevance": 0.5, "include_chunks": False})).json()
    assert [("excerpt" in one, one["score"]) for one in found["results"]] == [(False, 0.9)]
    assert (found["total_found"], found["has_more"]) == (1, False)


async def test_what_the_search_had_to_do_without_is_said(http: httpx2.AsyncClient, index: Fake) -> None:
    index.notes = ("Searched by words alone: there is no embedding model.",)
    found = (await http.post("/search", json={"query": "q", "fusion": "dbsf", "include_pca": True})).json()
    assert found["algorithm_used"] == "bm25"
    assert len(found["notes"]) == 3


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"query": "q", "algorithm": "magic"}, 422, "unsupported_search_type"),
        ({"query": "q", "rerank": True}, 422, "rerank_not_configured"),
        ({}, 400, "invalid_request"),
        ({"query": ""}, 400, "invalid_request"),
        ({"query": "q" * 10_001}, 400, "invalid_request"),
        ({"query": "q", "limit": 101}, 400, "invalid_request"),
        ({"query": "q", "limit": "5"}, 400, "invalid_request"),
        ({"query": "q", "modified_after": "yesterday"}, 400, "invalid_request"),
        ({"query": "q", "modified_after": 1e300}, 400, "invalid_request"),
        ([], 400, "invalid_request"),
    ],
)
async def test_wrong_values_are_refused(http: httpx2.AsyncClient, index: Fake, body: Any, status: int, error: str) -> None:
    answer = await http.post("/search", json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert index.asked == []


@pytest.mark.parametrize(
    ("problem", "status"),
    [(InvalidValue("There is no such type."), 400), (Unreachable("Search is starting."), 503), (Unavailable("locked"), 503)],
)
async def test_a_search_that_cannot_be_is_refused_by_its_kind(
    http: httpx2.AsyncClient, index: Fake, problem: Exception, status: int
) -> None:
    index.problem = problem
    assert (await http.post("/search", json={"query": "q"})).status_code == status


async def test_status_is_that_of_whoever_asks(http: httpx2.AsyncClient, index: Fake) -> None:
    told = (await http.get("/vector-sync/status")).json()
    await http.get("/vector-sync/status", headers={"Authorization": "Bearer bob"})
    assert index.users == ["alice", "bob"]
    assert (told["status"], told["indexed_documents"], told["pending_documents"]) == ("idle", 3, 2)


CHUNK = {"doc_type": "note", "doc_id": "7", "start": "15", "end": "29"}


async def test_the_text_around_a_passage_is_told_without_gaps(http: httpx2.AsyncClient) -> None:
    found = (await http.get("/chunk-context", params={**CHUNK, "context": "5"})).json()
    assert found["chunk_text"] == "Four five six."
    assert (found["chunk_index"], found["total_chunks"], found["page_number"]) == (1, 3, 1)
    assert (found["has_more_before"], found["has_more_after"]) == (True, True)


async def test_a_passage_is_found_by_its_number_where_the_offsets_moved(http: httpx2.AsyncClient) -> None:
    found = (await http.get("/chunk-context", params={**CHUNK, "start": "16", "chunk_index": "2", "context": "500"})).json()
    assert (found["chunk_text"], found["has_more_after"]) == (TEXT[30:], False)


@pytest.mark.parametrize("changed", [{"doc_id": "8"}, {"doc_type": "file"}, {"start": "1"}, {"start": "1", "chunk_index": "9"}])
async def test_what_may_not_be_read_and_what_is_not_there_look_alike(http: httpx2.AsyncClient, changed: dict[str, str]) -> None:
    answer = await http.get("/chunk-context", params=CHUNK | changed)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_bob_is_not_shown_the_text_of_alices_note(http: httpx2.AsyncClient, index: Fake) -> None:
    answer = await http.get("/chunk-context", params=CHUNK, headers={"Authorization": "Bearer bob"})
    assert answer.status_code == 404
    assert index.users == []


@pytest.mark.parametrize("changed", [{"start": "-1"}, {"start": "x"}, {"doc_id": ""}, {"context": "100000"}])
async def test_wrong_parameters_are_refused(http: httpx2.AsyncClient, changed: dict[str, str]) -> None:
    assert (await http.get("/chunk-context", params=CHUNK | changed)).status_code == 400


@dataclass
class Managed:
    """The management side of a mode of many people: who the token names, and what that person gave."""

    caller: Caller
    given_: Given | None = None
    has_session: bool = True

    @property
    def inbound(self) -> Any:
        async def identify(_: Mapping[str, str]) -> Caller:
            return self.caller

        return SimpleNamespace(identify=identify)

    async def user_of(self, caller: Caller) -> str | None:
        return "alice"

    async def session(self, caller: Caller, user: str) -> Any:
        return Account(user) if self.has_session else None

    async def given(self, user: str) -> Given | None:
        return self.given_


@pytest.mark.parametrize(
    ("given", "granted"),
    [(Given(0, frozenset({"notes:read"})), frozenset({"notes:read"})), (Given(0, None), None), (None, frozenset[str]())],
)
async def test_a_token_of_the_nextcloud_side_is_limited_by_what_the_person_gave(
    http: httpx2.AsyncClient, index: Fake, sides: Sides, given: Given | None, granted: frozenset[str] | None
) -> None:
    sides.management = Managed(Caller("idp", "x", frozenset({"openid"}), method=METHOD), given)
    assert (await http.post("/search", json={"query": "q"})).status_code == 200
    caller, _ = index.asked[0]
    assert (caller.scopes, caller.granted) == (None, granted)


async def test_a_token_of_a_client_keeps_its_own_scopes(http: httpx2.AsyncClient, index: Fake, sides: Sides) -> None:
    sides.management = Managed(Caller("idp", "x", frozenset({"notes:read"})))
    await http.post("/search", json={"query": "q"})
    assert index.asked[0][0].scopes == {"notes:read"}


async def test_somebody_who_gave_no_access_is_told_to(http: httpx2.AsyncClient, sides: Sides) -> None:
    sides.management = Managed(Caller("idp", "x"), has_session=False)
    assert (await http.get("/vector-sync/status")).status_code == 428


async def test_an_administrator_takes_types_out_of_the_index(http: httpx2.AsyncClient, index: Fake) -> None:
    answer = await http.post("/vector-sync/purge", json={"doc_types": ["note", "broken", "card", "note"]})
    assert (answer.status_code, answer.json()) == (200, {"purged": {"note": 3, "card": 3}, "failed": ["broken"]})
    assert index.purged == ["note", "card"]


@pytest.mark.parametrize("body", [{}, {"doc_types": []}, {"doc_types": ["a"] * 65}, {"doc_types": "note"}])
async def test_what_to_take_out_has_to_be_said(http: httpx2.AsyncClient, index: Fake, body: dict[str, Any]) -> None:
    assert (await http.post("/vector-sync/purge", json=body)).status_code == 400
    assert index.purged == []


async def test_nobody_else_takes_anything_out(http: httpx2.AsyncClient, index: Fake) -> None:
    answer = await http.post("/vector-sync/purge", json={"doc_types": ["note"]}, headers={"Authorization": "Bearer bob"})
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert index.purged == []
