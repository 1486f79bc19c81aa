"""Search, its status and the text around a hit, for the Nextcloud side: part of the API below `/api/v1`.

Every answer is the caller's own: what they may read now, verified by the apps, and the figures of their own index.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request

from nextcloud_mcp_server.auth.inbound.management import METHOD
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.documents import IndexSource
from nextcloud_mcp_server.core.errors import InvalidValue, NextcloudError
from nextcloud_mcp_server.index.answers import SyncStatus
from nextcloud_mcp_server.index.bodies import Body
from nextcloud_mcp_server.index.context import context
from nextcloud_mcp_server.index.search import WORDS_ALONE, Ask, Hit, Results
from nextcloud_mcp_server.index.store.port import Retriever
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.storage import StorageError
from nextcloud_mcp_server.web.management.calls import Api, Refusal, body_of
from nextcloud_mcp_server.web.management.operations import Operation

ALGORITHMS: Mapping[str, frozenset[Retriever]] = {
    "semantic": frozenset({"dense"}),
    "bm25": frozenset({"sparse"}),
    "hybrid": frozenset({"dense", "sparse"}),
}
DIGITS = 4
ADMINISTRATORS = "admin"
M = TypeVar("M", bound=BaseModel)
log = logging.getLogger(__name__)


class Index(Protocol):
    """The search of this server. Methods raise Unreachable while it is starting, and StorageError."""

    reranks: bool

    async def search(self, caller: Caller, session: Session, ask: Ask) -> Results: ...

    async def status(self, user: str) -> SyncStatus: ...

    async def purge(self, doc_type: str) -> int:
        """Takes everything of a type out of everybody's index; how many documents that were."""
        ...

    async def sources(self, caller: Caller, session: Session) -> Mapping[str, IndexSource]:
        """The document types that the caller may search."""
        ...

    async def passages(self, user: str, doc_type: str, doc_id: str) -> Sequence[Body]:
        """Those of a document that is in this user's scans; none where it is not."""
        ...


class SearchBody(BaseModel):
    """What is asked for. Times are ISO 8601 or Unix seconds; scores run from 0 to 1."""

    query: str = Field(min_length=1, max_length=10_000)
    algorithm: str = "hybrid"
    fusion: Literal["rrf", "dbsf"] = "rrf"
    limit: int = Field(20, ge=1, le=100)
    offset: int = Field(0, ge=0, le=1000)
    granularity: Literal["chunk", "document"] = "document"
    doc_types: list[str] | None = Field(None, max_length=64)
    path_prefix: str | None = None
    path_prefixes: list[str] | None = Field(None, max_length=64)
    modified_after: str | float | None = None
    modified_before: str | float | None = None
    score_threshold: float = Field(0, ge=0, le=1)
    min_relevance: float = Field(0, ge=0, le=1)
    rerank: bool | None = None
    include_chunks: bool = True
    include_pca: bool = False


class SearchHit(BaseModel):
    """A document, or a passage of it. Offsets count characters of the document's text."""

    id: str
    doc_type: str
    title: str
    score: float
    relevance: float
    relevance_source: str
    rerank_score: float | None = None
    excerpt: str | None = None
    url: str | None = None
    path: str | None = None
    mime_type: str | None = None
    board_id: str | None = None
    card_id: str | None = None
    calendar_id: str | None = None
    page_number: int | None = None
    chunk_index: int
    total_chunks: int
    chunk_start_offset: int
    chunk_end_offset: int


class SearchFound(BaseModel):
    """`total_found` counts this answer's results; `notes` say what the search had to do without."""

    results: list[SearchHit]
    total_found: int
    algorithm_used: str
    granularity: str
    reranked: bool
    has_more: bool
    withheld: int
    notes: list[str]


class StatusAnswer(SyncStatus):
    """The caller's own figures."""

    pending_documents: int = 0


class PurgeBody(BaseModel):
    """Document types, also such as this server does not know any more."""

    doc_types: list[str] = Field(min_length=1, max_length=64)


class Purged(BaseModel):
    """Documents taken out, by type, each counted for everybody who saw it; types that `failed` can be asked for again."""

    purged: dict[str, int]
    failed: list[str] | None = None


class ChunkAsked(BaseModel):
    """A passage by its offsets, as a search gave them; `context` in characters."""

    doc_type: str = Field(min_length=1, max_length=64)
    doc_id: str = Field(min_length=1, max_length=1000)
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    context: int = Field(500, ge=0, le=5000)
    chunk_index: int | None = Field(None, ge=0)


class ChunkFound(BaseModel):
    """A passage with the text around it."""

    success: bool = True
    chunk_text: str
    before_context: str
    after_context: str
    has_more_before: bool
    has_more_after: bool
    page_number: int | None = None
    chunk_index: int
    total_chunks: int


@dataclass(frozen=True)
class SearchApi:
    """The operations, over one index."""

    index: Index

    def operations(self) -> list[Operation]:
        refusals = (400, 403, 413, 428, 502)
        return [
            Operation(
                "POST", "/search", "Search what the caller may read", self.search, SearchFound, body=SearchBody, refusals=(*refusals, 422)
            ),
            Operation("GET", "/vector-sync/status", "How far the caller's index is", self.status, StatusAnswer, refusals=refusals),
            Operation(
                "POST",
                "/vector-sync/purge",
                "Take document types out of everybody's index, as an administrator of Nextcloud",
                self.purge,
                Purged,
                body=PurgeBody,
                refusals=refusals,
            ),
            Operation("GET", "/chunk-context", "A passage and the text around it", self.chunk, ChunkFound, refusals=(*refusals, 404)),
        ]

    async def search(self, api: Api, http: Request) -> SearchFound:
        caller, _, session = await who(api, http)
        asked = await body_of(http, SearchBody)
        retrievers = ALGORITHMS.get(asked.algorithm)
        if retrievers is None:
            raise Refusal(422, "unsupported_search_type", f"algorithm has to be one of {', '.join(ALGORITHMS)}.")
        if asked.rerank and not self.index.reranks:
            raise Refusal(422, "rerank_not_configured", "This server has no reranker (SEARCH_RERANK_URL).")
        try:
            found = await self.index.search(caller, session, _ask(asked, retrievers))
        except InvalidValue as error:
            raise Refusal(400, "invalid_request", error.explain()) from None
        return _answer(asked, found)

    async def status(self, api: Api, http: Request) -> StatusAnswer:
        _, user, _ = await who(api, http)
        told = await self.index.status(user)
        return StatusAnswer.model_validate({**dict(told), "pending_documents": told.pending_count})

    async def purge(self, api: Api, http: Request) -> Purged:
        """What is still allowed comes back by the next scans."""
        _, user, session = await who(api, http)
        if ADMINISTRATORS not in (await session.person()).groups:
            raise Refusal(403, "forbidden", "Only administrators of Nextcloud take things out of everybody's index.")
        asked = await body_of(http, PurgeBody)
        purged: dict[str, int] = {}
        failed: list[str] = []
        for doc_type in dict.fromkeys(asked.doc_types):
            try:
                purged[doc_type] = await self.index.purge(doc_type)
            except (StorageError, NextcloudError) as error:
                log.warning("Type %r could not be taken out of the index: %s", doc_type, error)
                failed.append(doc_type)
        log.info("%s took out of the index: %s", user, purged)
        return Purged(purged=purged, failed=failed or None)

    async def chunk(self, api: Api, http: Request) -> ChunkFound:
        """A document that the caller may not read now, and one that is not indexed, are both not found."""
        caller, user, session = await who(api, http)
        asked = _query(http, ChunkAsked)
        source = (await self.index.sources(caller, session)).get(asked.doc_type)
        if source is None or asked.doc_id not in await source.readable([asked.doc_id]):
            raise _nothing(asked)
        bodies = await self.index.passages(user, asked.doc_type, asked.doc_id)
        at = next((at for at, body in enumerate(bodies) if (body.start, body.end) == (asked.start, asked.end)), asked.chunk_index)
        if at is None or at >= len(bodies):
            raise _nothing(asked)
        body = bodies[at]
        before, after = context(bodies, body.start, body.end, asked.context)
        return ChunkFound(
            chunk_text=body.text,
            before_context=before,
            after_context=after,
            has_more_before=body.start > len(before),
            has_more_after=max(one.end for one in bodies) > body.end + len(after),
            page_number=body.page,
            chunk_index=at,
            total_chunks=len(bodies),
        )


async def who(api: Api, http: Request) -> tuple[Caller, str, Session]:
    """The caller, their user id and their way to Nextcloud. Raises Unauthorized, and Refusal 428 without access."""
    mode = api.sides.now().management
    if mode is None:
        caller = await api.sides.identify(dict(http.headers))
        session = await api.sides.session(caller)
        return caller, await session.uid(), session
    caller, user = await api.user(http)
    session = await mode.session(caller, user)
    if session is None:
        raise Refusal(428, "not_provisioned", "This server has no access to your Nextcloud yet: give it access first.")
    if caller.method == METHOD:
        # The token speaks for the Nextcloud side; what the person gave is the limit.
        given = await mode.given(user)
        caller = replace(caller, scopes=None, granted=given.scopes if given else frozenset())
    return caller, user, session


def _ask(asked: SearchBody, retrievers: frozenset[Retriever]) -> Ask:
    """Raises Refusal for a time that is none."""
    prefixes = [*([asked.path_prefix] if asked.path_prefix else []), *(asked.path_prefixes or [])]
    return Ask(
        asked.query,
        frozenset(),
        asked.limit,
        asked.offset,
        doc_types=frozenset(asked.doc_types or ()),
        path_prefixes=frozenset(prefixes),
        after=_moment("modified_after", asked.modified_after),
        before=_moment("modified_before", asked.modified_before),
        retrievers=retrievers,
        by_document=asked.granularity == "document",
        rerank=asked.rerank is not False,
    )


def _moment(name: str, value: str | float | None) -> datetime | None:
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        return None if value is None else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise Refusal(400, "invalid_request", f"{name} has to be an ISO 8601 time or Unix seconds.") from None


def _answer(asked: SearchBody, found: Results) -> SearchFound:
    least = max(asked.score_threshold, asked.min_relevance)
    hits = [hit for hit in found.hits if hit.score >= least]
    notes = list(found.notes)
    if asked.fusion != "rrf":
        notes.append(f"Fused by rrf: this server has no {asked.fusion}.")
    if asked.include_pca:
        notes.append("This server gives no coordinates.")
    return SearchFound(
        results=[_shown(hit, asked.include_chunks) for hit in hits],
        total_found=len(hits),
        algorithm_used="bm25" if any(note.startswith(WORDS_ALONE) for note in notes) else asked.algorithm,
        granularity=asked.granularity,
        reranked=any(hit.reranked for hit in hits),
        has_more=found.more and len(hits) == len(found.hits),
        withheld=found.withheld,
        notes=notes,
    )


def _shown(hit: Hit, excerpt: bool) -> SearchHit:
    """Ids of cards and events are those of their apps, as deep links need them."""
    key, body, score = hit.key, hit.body, round(hit.score, DIGITS)
    parts = key.doc_id.split("/")
    return SearchHit(
        id=key.doc_id,
        doc_type=key.doc_type,
        title=body.title,
        score=score,
        relevance=score,
        relevance_source="rerank" if hit.reranked else "+".join(hit.retrievers),
        rerank_score=score if hit.reranked else None,
        excerpt=body.text if excerpt else None,
        url=hit.link,
        path=body.path,
        mime_type=body.mime_type,
        board_id=parts[0] if key.doc_type == "card" else None,
        card_id=parts[-1] if key.doc_type == "card" else None,
        calendar_id=parts[1] if key.doc_type in ("event", "task") and len(parts) == 3 else None,
        page_number=body.page,
        chunk_index=hit.index,
        total_chunks=body.of,
        chunk_start_offset=body.start,
        chunk_end_offset=body.end,
    )


def _query(http: Request, kind: type[M]) -> M:
    """The parameters of the address. Raises Refusal without repeating what was sent."""
    try:
        return kind.model_validate(dict(http.query_params))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Refusal(400, "invalid_request", f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def _nothing(asked: ChunkAsked) -> Refusal:
    return Refusal(404, "not_found", f"There is no such passage of a {asked.doc_type} that you may read.")
