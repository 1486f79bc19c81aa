"""A Qdrant server or cluster, by its client; the same data model as the embedded store."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import wraps
from types import CoroutineType
from typing import Any, Concatenate, ParamSpec, TypeVar

from nextcloud_mcp_server.core.errors import BadAnswer, CredentialRefused, NotFound, Unreachable
from nextcloud_mcp_server.index.embed.port import Vector
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store import shape
from nextcloud_mcp_server.index.store.port import Counts, Entry, Facts, Key, Ranked, Stored, Where

P = ParamSpec("P")
T = TypeVar("T")
BATCH = 256


def translated(
    call: "Callable[Concatenate[QdrantStore, P], CoroutineType[Any, Any, T]]",
) -> "Callable[Concatenate[QdrantStore, P], CoroutineType[Any, Any, T]]":
    """The client's exceptions as ours."""

    @wraps(call)
    async def wrapper(self: "QdrantStore", *arguments: P.args, **named: P.kwargs) -> T:
        from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

        try:
            return await call(self, *arguments, **named)
        except ValueError as error:
            if "not found" not in str(error):
                raise
            raise NotFound("Qdrant has no such collection.") from None
        except ResponseHandlingException:
            raise Unreachable("Qdrant does not answer.") from None
        except UnexpectedResponse as error:
            if error.status_code in (401, 403):
                raise CredentialRefused("Qdrant refuses the API key.", hint="Correct QDRANT_API_KEY.") from None
            if error.status_code == 404:
                raise NotFound("Qdrant has no such collection.") from None
            raise BadAnswer(f"Qdrant answers {error.status_code}.", hint="See Qdrant's log.") from None

    return wrapper


class QdrantStore:
    """`location` is the server's URL, or `:memory:` (tests; every search looks at everything)."""

    def __init__(self, location: str, *, api_key: str | None = None, seconds: int = 10) -> None:
        from qdrant_client import AsyncQdrantClient, models

        self._lib: Any = models
        self._filters = shape.Filters(models, models.Range)
        self._local = location == ":memory:"
        self._client: Any = AsyncQdrantClient(
            location, timeout=None if self._local else seconds, api_key=api_key, check_compatibility=False
        )

    @translated
    async def open(self, collection: str, dimension: int) -> None:
        if await self._client.collection_exists(collection):
            return
        lib = self._lib
        dense = {shape.DENSE: lib.VectorParams(size=dimension, distance=lib.Distance.COSINE)} if dimension else {}
        sparse = {shape.SPARSE: lib.SparseVectorParams(modifier=lib.Modifier.IDF)}
        # Every search is for one reader: graphs for each owner, none over all.
        await self._client.create_collection(
            collection, vectors_config=dense, sparse_vectors_config=sparse, hnsw_config=lib.HnswConfigDiff(payload_m=16, m=0)
        )
        if self._local:
            return
        keyword = lib.PayloadSchemaType.KEYWORD
        kinds = dict.fromkeys(shape.KEYWORDS, keyword) | {"modified": lib.PayloadSchemaType.FLOAT, "index": lib.PayloadSchemaType.INTEGER}
        kinds["owner"] = lib.KeywordIndexParams(type=lib.KeywordIndexType.KEYWORD, is_tenant=True)
        for name, kind in kinds.items():
            await self._client.create_payload_index(collection, name, kind, wait=True)

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
        await self._client.set_payload(collection, shape.fact_fields(facts), points=self._filters.document(key), wait=True)
        for index, body in enumerate(bodies):
            await self._client.set_payload(collection, {"body": body}, points=[key.point(index)], wait=True)

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
