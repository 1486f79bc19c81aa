"""A Qdrant server or cluster, by its client; the same data model as the embedded store."""

import logging
import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from functools import wraps
from json import JSONDecodeError
from types import CoroutineType
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from nextcloud_mcp_server.core.errors import (
    BadAnswer,
    CredentialRefused,
    InvalidValue,
    Maintenance,
    NextcloudError,
    NotFound,
    RateLimited,
    Unreachable,
)
from nextcloud_mcp_server.index.embed.port import Vector
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store import shape
from nextcloud_mcp_server.index.store.port import Counts, Entry, Facts, Key, Ranked, Stored, Where

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
BATCH = 128
"""Points of a request: with long vectors 256 come near to the 32 MB that Qdrant takes at once."""
OLDEST = (1, 19)
"""Older servers ignore whose passages the IDF is to be counted among."""
IDLE = 3.0
"""Seconds that an idle connection is kept: Qdrant closes it after five."""
TAKEN = 409
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def translated(
    call: "Callable[Concatenate[QdrantStore, P], CoroutineType[Any, Any, T]]",
) -> "Callable[Concatenate[QdrantStore, P], CoroutineType[Any, Any, T]]":
    """The client's exceptions as ours; none of them is kept as the cause, since requests carry the key."""

    @wraps(call)
    async def wrapper(self: "QdrantStore", *arguments: P.args, **named: P.kwargs) -> T:
        from qdrant_client.common.client_exceptions import QdrantException
        from qdrant_client.http.exceptions import ApiException

        try:
            return await call(self, *arguments, **named)
        except (ApiException, QdrantException) as error:
            raise _explained(error) from None
        except (JSONDecodeError, UnicodeDecodeError):
            raise _unreadable() from None
        except ValueError as error:
            if "not found" not in str(error):
                raise
            raise _no_collection() from None

    return wrapper


def _explained(error: Exception) -> NextcloudError:
    from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    if isinstance(error, UnexpectedResponse):
        return _refused(error.status_code or 0)
    if isinstance(error, QdrantException):
        seconds = error.retry_after_s if isinstance(error, ResourceExhaustedResponse) else None
        return RateLimited("Qdrant has too much to do.", retry_after=seconds)
    if isinstance(error, ResponseHandlingException) and isinstance(error.source, ValueError):
        return _unreadable()
    return Unreachable("Qdrant does not answer.", hint="Check QDRANT_URL, and that Qdrant runs.")


def _refused(status: int) -> NextcloudError:
    match status:
        case 401 | 403:
            return CredentialRefused("Qdrant refuses the API key.", hint="Correct QDRANT_API_KEY; it has to allow writing.")
        case 404:
            return _no_collection()
        case 429:
            return RateLimited("Qdrant has too much to do.")
        case 408 | 502 | 503 | 504:
            return Maintenance(f"Qdrant is not ready ({status}).", hint="See Qdrant's log if it stays.")
        case 507:
            return Maintenance("Qdrant has no room left.", hint="Give it more disk or memory; indexing goes on by itself.")
        case _:
            return BadAnswer(f"Qdrant answers {status}.", hint="See Qdrant's log.")


def _unreadable() -> BadAnswer:
    return BadAnswer("Qdrant's answer cannot be read.", hint="Check that QDRANT_URL is the address of a Qdrant server.")


def _no_collection() -> NotFound:
    return NotFound("Qdrant has no such collection.", hint="It is made again when this server is started.")


class QdrantStore:
    """`location` is the server's URL, or `:memory:` (tests; every search looks at everything)."""

    def __init__(self, location: str, *, api_key: str | None = None, seconds: int = 10) -> None:
        import httpx
        from qdrant_client import AsyncQdrantClient, models

        self._lib: Any = models
        self._filters = shape.Filters(models, models.Range)
        self._local = location == ":memory:"
        if api_key and _in_the_clear(location):
            log.warning("QDRANT_API_KEY goes through the network unencrypted: QDRANT_URL begins with http:")
        remote: dict[str, Any] = {"timeout": seconds, "limits": httpx.Limits(max_connections=100, keepalive_expiry=IDLE)}
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            self._client: Any = AsyncQdrantClient(location, api_key=api_key, check_compatibility=False, **({} if self._local else remote))

    @translated
    async def open(self, collection: str, dimension: int) -> None:
        """Raises InvalidValue where the server is too old or the collection is one for other vectors."""
        if not self._local:
            _check_version((await self._client.info()).version)
        if not await self._client.collection_exists(collection):
            await self._create(collection, dimension)
        made = await self._client.get_collection(collection)
        _check_vectors(collection, made.config.params.vectors, dimension)
        if not self._local:
            await self._index(collection, frozenset(made.payload_schema))

    async def _create(self, collection: str, dimension: int) -> None:
        from qdrant_client.http.exceptions import UnexpectedResponse

        lib = self._lib
        dense = {shape.DENSE: lib.VectorParams(size=dimension, distance=lib.Distance.COSINE)} if dimension else {}
        sparse = {shape.SPARSE: lib.SparseVectorParams(modifier=lib.Modifier.IDF)}
        # Every search is for one reader: graphs for each owner, none over all.
        graphs = lib.HnswConfigDiff(payload_m=16, m=0)
        try:
            await self._client.create_collection(collection, vectors_config=dense, sparse_vectors_config=sparse, hnsw_config=graphs)
        except UnexpectedResponse as error:
            # Another process of this server was faster.
            if error.status_code != TAKEN:
                raise

    async def _index(self, collection: str, there: frozenset[str]) -> None:
        """The payload indexes that are missing: whoever made the collection may have died over it."""
        lib = self._lib
        kinds = dict.fromkeys(shape.KEYWORDS, lib.PayloadSchemaType.KEYWORD)
        kinds |= {"modified": lib.PayloadSchemaType.FLOAT, "index": lib.PayloadSchemaType.INTEGER}
        kinds["owner"] = lib.KeywordIndexParams(type=lib.KeywordIndexType.KEYWORD, is_tenant=True)
        for name in kinds.keys() - there:
            await self._client.create_payload_index(collection, name, kinds[name], wait=True)

    @translated
    async def collections(self) -> frozenset[str]:
        return frozenset(item.name for item in (await self._client.get_collections()).collections)

    @translated
    async def discard(self, collection: str) -> None:
        await self._client.delete_collection(collection)

    @translated
    async def replace(self, collection: str, key: Key, facts: Facts, entries: Sequence[Entry]) -> None:
        lib = self._lib
        for batch in shape.batches(entries, BATCH):
            points = [
                lib.PointStruct(
                    id=key.point(entry.index), vector=shape.point_vectors(entry, lib.SparseVector), payload=shape.payload(key, facts, entry)
                )
                for entry in batch
            ]
            await self._client.upsert(collection, points, wait=True)
        await self._delete(collection, self._filters.document(key, beyond=len(entries)))

    @translated
    async def describe(self, collection: str, key: Key, facts: Facts, bodies: Sequence[str] = ()) -> None:
        lib, document = self._lib, self._filters.document(key)
        changes: list[tuple[dict[str, Any], Any]] = [(shape.fact_fields(facts), document)]
        # By filter and not by id: an id that is not there is an error to Qdrant.
        changes += [({"body": body}, lib.Filter(must=[lib.HasIdCondition(has_id=[key.point(at)])])) for at, body in enumerate(bodies)]
        for batch in shape.batches(changes, BATCH):
            operations = [lib.SetPayloadOperation(set_payload=lib.SetPayload(payload=fields, filter=chosen)) for fields, chosen in batch]
            await self._client.batch_update_points(collection, operations, wait=True)

    @translated
    async def delete(self, collection: str, keys: Sequence[Key]) -> None:
        for key in keys:
            await self._delete(collection, self._filters.document(key))

    @translated
    async def delete_owner(self, collection: str, owner: str) -> None:
        await self._delete(collection, self._filters.owner(owner))

    @translated
    async def search(self, collection: str, where: Where, *, dense: Vector | None, sparse: Sparse | None, limit: int) -> Ranked:
        lib, chosen = self._lib, self._filters.where(where)
        wanted = ["owner", "doc_type", "doc_id", "index", "body"]
        requests: dict[str, Any] = {}
        if dense:
            requests[shape.DENSE] = lib.QueryRequest(query=dense, using=shape.DENSE, filter=chosen, limit=limit, with_payload=wanted)
        if sparse and sparse.indices:
            terms = lib.SparseVector(indices=sparse.indices, values=sparse.values)
            params = lib.SearchParams(idf=lib.IdfCorpusParams(corpus=self._filters.readers(where.readers)))
            requests[shape.SPARSE] = lib.QueryRequest(
                query=terms, using=shape.SPARSE, filter=chosen, limit=limit, with_payload=wanted, params=params
            )
        if not requests:
            return Ranked()
        answers = await self._client.query_batch_points(collection, list(requests.values()))
        lists = {name: shape.found(answer.points) for name, answer in zip(requests, answers, strict=True)}
        return Ranked(lists.get(shape.DENSE, []), lists.get(shape.SPARSE, []))

    @translated
    async def vectors(self, collection: str, passages: Sequence[tuple[Key, int]]) -> list[Vector]:
        ids = [key.point(index) for key, index in passages]
        return shape.dense_vectors(await self._client.retrieve(collection, ids, with_payload=False, with_vectors=[shape.DENSE]))

    @translated
    async def passages(self, collection: str, key: Key) -> list[Entry]:
        found: list[Entry] = []
        offset: Any = None
        while True:
            records, offset = await self._client.scroll(
                collection, self._filters.document(key), limit=BATCH, offset=offset, with_payload=True
            )
            found += [shape.entry_of(record) for record in records]
            if offset is None:
                return sorted(found, key=lambda entry: entry.index)

    @translated
    async def count(self, collection: str, owner: str | None = None) -> Counts:
        documents = await self._client.count(collection, self._filters.owner(owner, first=True))
        return Counts(documents.count, (await self._client.count(collection, self._filters.owner(owner))).count)

    async def scan(self, collection: str) -> AsyncIterator[Stored]:
        offset: Any = None
        while True:
            records, offset = await self._page(collection, offset)
            for record in records:
                yield shape.stored(record)
            if offset is None:
                return

    async def tidy(self) -> None:
        """The server keeps itself tidy."""

    async def close(self) -> None:
        await self._client.close()

    @translated
    async def _page(self, collection: str, offset: Any) -> tuple[list[Any], Any]:
        return await self._client.scroll(collection, limit=BATCH, offset=offset, with_payload=True, with_vectors=True)

    async def _delete(self, collection: str, chosen: Any) -> None:
        await self._client.delete(collection, self._lib.FilterSelector(filter=chosen), wait=True)


def _check_version(version: str) -> None:
    """A version that is not made of numbers is believed to be new."""
    numbers = version.split(".")[:2]
    if all(part.isdecimal() for part in numbers) and tuple(map(int, numbers)) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise InvalidValue(f"Qdrant {version[:20]} is too old.", hint=f"Update it to {oldest} or newer.")


def _check_vectors(collection: str, vectors: object, dimension: int) -> None:
    """`vectors` are those of the collection by name; anything else is somebody else's collection, or one of words."""
    named = cast("dict[str, Any]", vectors) if isinstance(vectors, dict) else {}
    size: int = named[shape.DENSE].size if shape.DENSE in named else 0
    if size != dimension:
        raise InvalidValue(
            f"Qdrant's collection {collection} is for vectors of {size} numbers; those of the embedding model have {dimension}.",
            hint="Set QDRANT_COLLECTION to a name that is free, or delete that collection.",
        )


def _in_the_clear(location: str) -> bool:
    address = urlsplit(location)
    return address.scheme == "http" and address.hostname not in LOOPBACK
