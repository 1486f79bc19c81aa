"""Search and status in the words of the tools; routes and commands show the same."""

from datetime import UTC, datetime
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import SamplingMessage, TextContent
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.index.answers import (
    CurrentDocument,
    FailedDocument,
    Sampled,
    SearchAnswer,
    SearchFor,
    SemanticSearchResult,
    SyncStatus,
    TypeStatus,
    Wanted,
)
from nextcloud_mcp_server.index.search import WORDS_ALONE, Ask, Hit, Results
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.binding import Call
from nextcloud_mcp_server.server.indexing.indexing import Indexing

DIGITS = 4
BYTES = 4
"""Of one number of a vector."""


class CallersSearch(SearchFor):
    """Search for whoever makes a call."""

    def __init__(self, indexing: Indexing, call: Call) -> None:
        self._indexing, self._call = indexing, call

    async def find(self, wanted: Wanted) -> SearchAnswer:
        return await find(self._indexing, self._call.caller, await self._call.session(), wanted)

    async def status(self) -> SyncStatus:
        return await sync_status(self._indexing, await (await self._call.session()).uid())

    async def sample(self, prompt: str, system: str, tokens: int) -> Sampled | None:
        """By `sampling/createMessage`, which protocols from 2026-07-28 on no longer have."""
        context = self._call.context
        if context is None or context.protocol_version in MODERN_PROTOCOL_VERSIONS or not _can_sample(context):
            return None
        message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
        try:
            made = await context.session.create_message([message], max_tokens=tokens, system_prompt=system)
        except MCPError:
            return None
        return Sampled(made.content.text, made.model) if isinstance(made.content, TextContent) else None


async def find(indexing: Indexing, caller: Caller, session: Session, wanted: Wanted) -> SearchAnswer:
    """What `caller` may read of what is wanted."""
    ask = Ask(
        wanted.query,
        frozenset(),
        wanted.limit,
        doc_types=frozenset(wanted.doc_types),
        path_prefixes=frozenset(wanted.path_prefixes),
        after=wanted.after,
        before=wanted.before,
        by_document=wanted.by_document,
        rerank=wanted.rerank,
    )
    found = await indexing.search(caller, session, ask)
    hits = [hit for hit in found.hits if hit.score >= wanted.least]
    around = [await indexing.around(hit, wanted.context) if wanted.context else ("", "") for hit in hits]
    reranked = any(hit.reranked for hit in hits)
    return SearchAnswer(
        results=[shown(hit, *context) for hit, context in zip(hits, around, strict=True)],
        query=wanted.query,
        total_found=len(hits),
        search_method=method(found),
        granularity="document" if wanted.by_document else "chunk",
        reranked=reranked,
        rerank_model=indexing.settings.search.rerank_model if reranked else None,
        verified_chunk_count=len(hits),
        dropped_document_count=found.withheld,
        has_more=found.more and len(hits) == len(found.hits),
        notes=list(found.notes) or None,
    )


def shown(hit: Hit, before: str = "", after: str = "") -> SemanticSearchResult:
    """A hit as tools and routes show it."""
    body = hit.body
    score = round(hit.score, DIGITS)
    return SemanticSearchResult(
        id=hit.key.doc_id,
        doc_type=hit.key.doc_type,
        title=body.title,
        excerpt=body.text,
        score=score,
        relevance=score,
        found_by=list(hit.retrievers),
        chunk_index=hit.index,
        total_chunks=body.of,
        url=hit.link,
        path=body.path,
        page_number=body.page,
        chunk_start_offset=body.start,
        chunk_end_offset=body.end,
        modified=_time(body.modified),
        before_context=before or None,
        after_context=after or None,
    )


def method(found: Results) -> str:
    """`hybrid`, or `bm25` where there was no vector of the query."""
    return "bm25" if any(note.startswith(WORDS_ALONE) for note in found.notes) else "hybrid"


async def sync_status(indexing: Indexing, user: str) -> SyncStatus:
    """The status of one person."""
    if not indexing.opened.is_set():
        return SyncStatus(status="starting", ingest_queue=indexing.queue_name, note=await indexing.ready())
    told, counts = await indexing.status(user), await indexing.counts(user)
    jobs = {"pending": sum(one.pending for one in told.types), "failed": sum(one.failed for one in told.types)}
    model = indexing.collections.targets()[0].model
    dense = counts.passages if model and told.note is None else 0
    documents = sum(one.indexed for one in told.types)
    return SyncStatus(
        status="syncing" if told.syncing else "idle",
        indexed_documents=documents,
        indexed_chunks=counts.passages,
        indexed_count=documents,
        pending_count=jobs["pending"],
        hybrid_chunks=dense,
        estimated_vector_bytes=dense * BYTES * (model.dimension if model else 0),
        ingest_queue=indexing.queue_name,
        job_counts=jobs,
        job_counts_by_queue={indexing.queue_name: jobs},
        types=[
            TypeStatus(
                doc_type=one.doc_type,
                known=one.known,
                indexed=one.indexed,
                pending=one.pending,
                failed=one.failed,
                last_scan=_time(one.scanned_at),
                error=one.error,
            )
            for one in told.types
        ],
        failures=[
            FailedDocument(doc_type=one.doc_type, id=one.doc_id, reason=one.reason, failed_at=datetime.fromtimestamp(one.failed_at, UTC))
            for one in told.failures
        ],
        current=[
            CurrentDocument(doc_type=one.doc_type, title=one.title, page=one.page or None, pages=one.pages or None) for one in told.current
        ],
        next_scan=_time(told.next_scan),
        scan_interval=told.interval,
        note=" ".join(filter(None, (told.note, told.behind))) or None,
    )


def _can_sample(context: Any) -> bool:
    capabilities = context.session.client_capabilities
    return capabilities is not None and capabilities.sampling is not None


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
