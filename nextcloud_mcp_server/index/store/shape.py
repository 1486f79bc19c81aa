"""How a passage looks as a point of Qdrant's data model, which the embedded store and the server share name by name."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store.port import Entry, Facts, Found, Key, Stored, Where

DENSE, SPARSE = "dense", "sparse"
T = TypeVar("T")

KEYWORDS = ("readers", "doc_type", "doc_id", "folders", "tags")
"""Fields with a keyword index; `owner` has one that keeps its points together, `modified` and `index` are numbers."""


def payload(key: Key, facts: Facts, entry: Entry) -> dict[str, Any]:
    about = {"owner": key.owner, "doc_type": key.doc_type, "doc_id": key.doc_id, "index": entry.index, "body": entry.body}
    return about | fact_fields(facts)


def fact_fields(facts: Facts) -> dict[str, Any]:
    """All fact fields, so that setting them replaces what was there."""
    lists = {"readers": sorted(facts.readers), "folders": sorted(facts.folders), "tags": sorted(facts.tags)}
    return lists | {"modified": facts.modified}


def point_vectors(entry: Entry, sparse: type[Any]) -> dict[str, Any]:
    """The named vectors of a point; `sparse` is the library's own type."""
    vectors: dict[str, Any] = {SPARSE: sparse(indices=entry.sparse.indices, values=entry.sparse.values)} if entry.sparse.indices else {}
    return vectors | ({DENSE: entry.dense} if entry.dense else {})


def found(points: Iterable[Any]) -> list[Found]:
    return [Found(_key(point.payload), point.payload["index"], point.score, point.payload["body"]) for point in points]


def stored(point: Any) -> Stored:
    """A point that was read with payload and vectors."""
    fields: dict[str, Any] = point.payload
    vectors: dict[str, Any] = point.vector or {}
    facts = Facts(frozenset(fields["readers"]), fields.get("modified"), frozenset(fields["folders"]), frozenset(fields["tags"]))
    sparse = vectors.get(SPARSE)
    terms = Sparse(list(sparse.indices), list(sparse.values)) if sparse else Sparse([], [])
    return Stored(_key(fields), facts, Entry(fields["index"], fields["body"], terms, vectors.get(DENSE)))


def dense_vectors(points: Iterable[Any]) -> list[list[float]]:
    """The dense vectors of points that have one."""
    vectors: list[dict[str, Any]] = [point.vector or {} for point in points]
    return [list(vector[DENSE]) for vector in vectors if vector.get(DENSE)]


def entry_of(point: Any) -> Entry:
    """A point that was read without vectors."""
    return Entry(point.payload["index"], point.payload["body"], Sparse([], []))


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _key(fields: dict[str, Any]) -> Key:
    return Key(fields["owner"], fields["doc_type"], fields["doc_id"])


class Filters:
    """Filters in one library's types: `lib` has Filter, FieldCondition, MatchAny, MatchValue; `between` is its range of floats."""

    def __init__(self, lib: Any, between: Any) -> None:
        self.lib, self.between = lib, between

    def where(self, where: Where) -> Any:
        """Everything asked for, the readers first."""
        must = [self._any("readers", where.readers)]
        for name, values in (("doc_type", where.doc_types), ("folders", where.folders), ("tags", where.tags)):
            if values:
                must.append(self._any(name, values))
        if where.after is not None or where.before is not None:
            must.append(self._range("modified", gte=where.after, lte=where.before))
        return self.lib.Filter(must=must)

    def readers(self, readers: Iterable[str]) -> Any:
        return self.lib.Filter(must=[self._any("readers", readers)])

    def document(self, key: Key, *, beyond: int | None = None) -> Any:
        """The points of one document, only those with an index of at least `beyond` where it is given."""
        must = [self._is("owner", key.owner), self._is("doc_type", key.doc_type), self._is("doc_id", key.doc_id)]
        if beyond is not None:
            must.append(self._range("index", gte=float(beyond)))
        return self.lib.Filter(must=must)

    def owner(self, owner: str | None, *, first: bool = False) -> Any:
        """The points of one owner or of all; only the first of each document if `first`."""
        must = [self._is("owner", owner)] if owner is not None else []
        return self.lib.Filter(must=[*must, self._is("index", 0)] if first else must)

    def _any(self, name: str, values: Iterable[str]) -> Any:
        return self.lib.FieldCondition(key=name, match=self.lib.MatchAny(any=sorted(values)))

    def _is(self, name: str, value: str | int) -> Any:
        return self.lib.FieldCondition(key=name, match=self.lib.MatchValue(value=value))

    def _range(self, name: str, **bounds: float | None) -> Any:
        return self.lib.FieldCondition(key=name, range=self.between(**bounds))
