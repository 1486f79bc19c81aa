"""What the tools of search ask for and answer; light, since the tools are declared whether search is on or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from nextcloud_mcp_server.core.tools import Injected


class SemanticSearchResult(BaseModel):
    """A document, or a passage of it. `score` and `relevance` run from 0 to 1; offsets count characters of the document's text."""

    id: str
    doc_type: str
    title: str
    excerpt: str
    score: float
    relevance: float
    found_by: list[str]
    chunk_index: int
    total_chunks: int
    url: str | None = None
    path: str | None = None
    page_number: int | None = None
    chunk_start_offset: int
    chunk_end_offset: int
    modified: datetime | None = None
    before_context: str | None = None
    after_context: str | None = None


class SearchAnswer(BaseModel):
    """`total_found` counts this answer's results, `dropped_document_count` what could not be verified as readable.

    `notes` say what the search had to do without.
    """

    results: list[SemanticSearchResult]
    query: str
    total_found: int
    search_method: str
    granularity: str
    reranked: bool
    rerank_model: str | None = None
    verified_chunk_count: int
    dropped_document_count: int
    has_more: bool
    notes: list[str] | None = None


class Source(BaseModel):
    """A passage to cite as [number]."""

    number: int
    id: str
    doc_type: str
    title: str
    text: str
    url: str | None = None
    page_number: int | None = None


class CitedAnswer(BaseModel):
    """`answer` was written by the client's model; without one `instruction` says what to do with the sources."""

    query: str
    answer: str | None = None
    model: str | None = None
    instruction: str | None = None
    sources: list[Source]
    total_found: int
    search_method: str
    dropped_document_count: int
    notes: list[str] | None = None


class TypeStatus(BaseModel):
    """One document type: `known` documents are there, `indexed` can be found."""

    doc_type: str
    known: int
    indexed: int
    pending: int
    failed: int
    last_scan: datetime | None = None
    error: str | None = None


class FailedDocument(BaseModel):
    """A document that is given up until it changes; its title is found all the same."""

    doc_type: str
    id: str
    reason: str
    failed_at: datetime


class CurrentDocument(BaseModel):
    doc_type: str
    title: str
    page: int | None = None
    pages: int | None = None


class SyncStatus(BaseModel):
    """The caller's own figures. `status` is syncing, idle or starting; `scan_interval` is in seconds."""

    status: str
    enabled: bool = True
    indexed_documents: int = 0
    indexed_chunks: int = 0
    indexed_count: int = 0
    pending_count: int = 0
    hybrid_chunks: int = 0
    estimated_vector_bytes: int = 0
    ingest_queue: str | None = None
    job_counts: dict[str, int] | None = None
    job_counts_by_queue: dict[str, dict[str, int]] | None = None
    types: list[TypeStatus] = []
    failures: list[FailedDocument] = []
    current: list[CurrentDocument] = []
    next_scan: datetime | None = None
    scan_interval: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as a tool was asked for it. `context` is the number of characters around a passage, 0 for none."""

    query: str
    limit: int = 10
    doc_types: Sequence[str] = ()
    least: float = 0.0
    by_document: bool = True
    rerank: bool = True
    context: int = 0
    after: datetime | None = None
    before: datetime | None = None
    path_prefixes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """What the client's model wrote."""

    text: str
    model: str


class SearchFor(Injected):
    """The caller's search; the server provides it where search is on."""

    async def find(self, wanted: Wanted) -> SearchAnswer:
        """Raises InvalidValue, and Unreachable while search is starting."""
        raise NotImplementedError

    async def status(self) -> SyncStatus:
        raise NotImplementedError

    async def sample(self, prompt: str, system: str, tokens: int) -> Sampled | None:
        """Asks the client's model; None where the client has none for us or declines."""
        raise NotImplementedError
