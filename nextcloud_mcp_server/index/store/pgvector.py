"""PostgreSQL with pgvector: the database that keeps state and queue keeps the vectors too.

Each collection is a table in hash partitions by owner. Small users are searched exactly within their partition; a
partition that has grown large gets an HNSW graph in quiet hours, searched iteratively so that filters lose nothing.
"""

# ruff: noqa: S608 - the only names in the SQL are tables, made here of checked letters
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg.errors import UndefinedTable

from nextcloud_mcp_server.core.errors import InvalidValue, NotFound, Unreachable
from nextcloud_mcp_server.index.embed.port import Vector
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store.port import Counts, Entry, Facts, Found, Key, Ranked, Stored, Where
from nextcloud_mcp_server.storage import Database, Queries, Unavailable

PARTITIONS = 16
TERMS = 1_000_000_000
"""pgvector's largest sparse dimension; term ids are folded into it."""
LARGE = 20_000
"""Passages in a partition from which on a graph is faster than looking at all of an owner's."""
PLAIN = 1536
"""Dimensions up to which a vector stays in its row: reading it out of line costs more than comparing it."""
PAGE = 200
LOCK = 0x6E63_6D63_7003
COLUMNS = "owner, doc_type, doc_id, idx, body"
COLLECTION = re.compile(r"[a-z0-9_]{1,40}")


class PgVectorStore:
    """Tables `passages_<collection>` and `readers_<collection>` in `database`, which must be PostgreSQL with pgvector 0.8 or newer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, collection: str, dimension: int) -> None:
        passages, readers = _tables(collection)
        async with self._transaction() as run:
            await run.run("select pg_advisory_xact_lock(?)", LOCK)
            if not await run.one("select 1 as there from pg_extension where extname = 'vector'"):
                if not await run.one("select 1 as there from pg_available_extensions where name = 'vector'"):
                    raise InvalidValue(
                        "This PostgreSQL has no pgvector.", hint="Install the extension, or set QDRANT_URL to keep vectors in Qdrant."
                    )
                await run.run("create extension vector")
            dense = f"halfvec({dimension})" if dimension else "halfvec"
            await run.run(
                f"create table if not exists {passages} (owner text not null, doc_type text not null, doc_id text not null, "
                "idx integer not null, readers text[] not null, modified double precision, folders text[] not null, "
                "tags text[] not null, body text not null, "
                f"dense {dense}, sparse sparsevec({TERMS}) not null, terms integer[] not null, "
                "primary key (owner, doc_type, doc_id, idx)) partition by hash (owner)"
            )
            for part in range(PARTITIONS):
                name = f"{passages}_{part}"
                await run.run(
                    f"create table if not exists {name} partition of {passages} for values with (modulus {PARTITIONS}, remainder {part})"
                )
                if 0 < dimension <= PLAIN:
                    await run.run(f"alter table {name} alter column dense set storage plain")
            await run.run(f"create index if not exists {passages}_terms on {passages} using gin (terms)")
            await run.run(f"create table if not exists {readers} (reader text not null, owner text not null, primary key (reader, owner))")

    async def collections(self) -> frozenset[str]:
        sql = "select relname from pg_class where relkind = 'p' and starts_with(relname, 'passages_') and pg_table_is_visible(oid)"
        async with self._transaction() as run:
            rows = await run.all(sql)
        return frozenset(row["relname"].removeprefix("passages_") for row in rows)

    async def discard(self, collection: str) -> None:
        async with self._transaction() as run:
            for table in _tables(collection):
                await run.run(f"drop table if exists {table}")

    async def replace(self, collection: str, key: Key, facts: Facts, entries: Sequence[Entry]) -> None:
        passages, readers = _tables(collection)
        sql = (
            f"insert into {passages} (owner, doc_type, doc_id, idx, readers, modified, folders, tags, body, dense, sparse, terms) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::text::halfvec, ?::text::sparsevec, ?) "
            "on conflict (owner, doc_type, doc_id, idx) do update set readers = excluded.readers, modified = excluded.modified, "
            "folders = excluded.folders, tags = excluded.tags, body = excluded.body, "
            "dense = excluded.dense, sparse = excluded.sparse, terms = excluded.terms"
        )
        async with self._transaction(collection) as run:
            await self._remember(run, readers, key, facts)
            await run.many(sql, [_row(key, facts, entry) for entry in entries])
            await run.run(f"delete from {passages} where {KEY} and idx >= ?", *_key(key), len(entries))

    async def describe(self, collection: str, key: Key, facts: Facts, bodies: Sequence[str] = ()) -> None:
        passages, readers = _tables(collection)
        async with self._transaction(collection) as run:
            await self._remember(run, readers, key, facts)
            sql = f"update {passages} set readers = ?, modified = ?, folders = ?, tags = ? where {KEY}"
            await run.run(sql, *_facts(facts), *_key(key))
            await run.many(
                f"update {passages} set body = ? where {KEY} and idx = ?", [(body, *_key(key), at) for at, body in enumerate(bodies)]
            )

    async def delete(self, collection: str, keys: Sequence[Key]) -> None:
        passages, _ = _tables(collection)
        async with self._transaction(collection) as run:
            await run.many(f"delete from {passages} where {KEY}", [_key(key) for key in keys])

    async def delete_owner(self, collection: str, owner: str) -> None:
        passages, readers = _tables(collection)
        async with self._transaction(collection) as run:
            await run.run(f"delete from {passages} where owner = ?", owner)
            await run.run(f"delete from {readers} where owner = ?", owner)

    async def search(self, collection: str, where: Where, *, dense: Vector | None, sparse: Sparse | None, limit: int) -> Ranked:
        """Both lists come from one statement, at one moment."""
        terms = _folded(sparse) if sparse else {}
        parts: list[str] = []
        values: list[Any] = []
        passages, readers = _tables(collection)
        mine, mine_values = _scope(readers, where)
        chosen, chosen_values = _conditions(where)
        if dense:
            parts.append(
                f"(select 'dense' as via, {COLUMNS}, 1 - (dense <=> ?::text::halfvec) as score from {passages} "
                f"where {mine} {chosen} and dense is not null order by dense <=> ?::text::halfvec limit ?)"
            )
            values += [_dense(dense), *mine_values, *chosen_values, _dense(dense), limit]
        if terms:
            parts.append(
                f"(select 'sparse' as via, {COLUMNS}, -(sparse <#> (select query from asked)) as score from {passages} "
                f"where {mine} {chosen} and terms && ?::integer[] order by score desc limit ?)"
            )
            values += [*mine_values, *chosen_values, list(terms), limit]
        if not parts:
            return Ranked()
        asked, asked_values = _asked(passages, terms, mine, mine_values) if terms else ("", [])
        async with self._transaction(collection) as run:
            await run.run("set local hnsw.iterative_scan = relaxed_order")
            rows = await run.all(asked + " union all ".join(parts), *asked_values, *values)
        found = {
            via: sorted((_found(row) for row in rows if row["via"] == via), key=lambda item: -item.score) for via in ("dense", "sparse")
        }
        return Ranked(found["dense"], found["sparse"])

    async def vectors(self, collection: str, passages: Sequence[tuple[Key, int]]) -> list[Vector]:
        table, _ = _tables(collection)
        wanted = " or ".join([f"({KEY} and idx = ?)"] * len(passages)) or "false"
        values = [value for key, index in passages for value in (*_key(key), index)]
        async with self._transaction(collection) as run:
            rows = await run.all(f"select dense::text as dense from {table} where dense is not null and ({wanted})", *values)
        return [_vector(row["dense"]) for row in rows]

    async def passages(self, collection: str, key: Key) -> list[Entry]:
        passages, _ = _tables(collection)
        async with self._transaction(collection) as run:
            rows = await run.all(f"select idx, body from {passages} where {KEY} order by idx", *_key(key))
        return [Entry(row["idx"], row["body"], Sparse([], [])) for row in rows]

    async def count(self, collection: str, owner: str | None = None) -> Counts:
        passages, _ = _tables(collection)
        chosen, values = ("where owner = ?", (owner,)) if owner is not None else ("", ())
        async with self._transaction(collection) as run:
            row = await run.one(
                f"select count(*) as passages, coalesce(sum(case when idx = 0 then 1 else 0 end), 0) as documents from {passages} {chosen}",
                *values,
            )
        return Counts(int(row["documents"]), int(row["passages"])) if row else Counts(0, 0)

    async def scan(self, collection: str) -> AsyncIterator[Stored]:
        passages, _ = _tables(collection)
        after: tuple[Any, ...] = ("", "", "", -1)
        while True:
            async with self._transaction(collection) as run:
                rows = await run.all(
                    f"select {COLUMNS}, readers, modified, folders, tags, dense::text as dense, sparse::text as sparse from {passages} "
                    "where (owner, doc_type, doc_id, idx) > (?, ?, ?, ?) order by owner, doc_type, doc_id, idx limit ?",
                    *after,
                    PAGE,
                )
            for row in rows:
                yield _stored(row)
            if len(rows) < PAGE:
                return
            after = (rows[-1]["owner"], rows[-1]["doc_type"], rows[-1]["doc_id"], rows[-1]["idx"])

    async def tidy(self) -> None:
        """Graphs for partitions that have grown large."""
        for collection in await self.collections():
            passages, _ = _tables(collection)
            for part in range(PARTITIONS):
                name = f"{passages}_{part}"
                async with self._transaction() as run:
                    row = await run.one(f"select count(*) as size from {name} where dense is not null")
                    if row and row["size"] >= LARGE:
                        await run.run(f"create index if not exists {name}_hnsw on {name} using hnsw (dense halfvec_cosine_ops)")

    async def close(self) -> None:
        """The database is closed by whoever opened it."""

    @asynccontextmanager
    async def _transaction(self, collection: str = "") -> AsyncGenerator[Queries]:
        try:
            async with self._database.transaction() as run:
                yield run
        except Unavailable as error:
            raise Unreachable("The database does not answer.") from error
        except UndefinedTable:
            raise NotFound(f"There is no collection {collection!r}.") from None

    async def _remember(self, run: Queries, readers: str, key: Key, facts: Facts) -> None:
        """Whose partitions a reader has to look into; too many do no harm."""
        rows = [(reader, key.owner) for reader in sorted(facts.readers)]
        await run.many(f"insert into {readers} (reader, owner) values (?, ?) on conflict do nothing", rows)


KEY = "owner = ? and doc_type = ? and doc_id = ?"


def _tables(collection: str) -> tuple[str, str]:
    if not COLLECTION.fullmatch(collection):
        raise NotFound(f"There is no collection {collection!r}.")
    return f"passages_{collection}", f"readers_{collection}"


def _key(key: Key) -> tuple[str, str, str]:
    return key.owner, key.doc_type, key.doc_id


def _facts(facts: Facts) -> tuple[Any, ...]:
    return sorted(facts.readers), facts.modified, sorted(facts.folders), sorted(facts.tags)


def _row(key: Key, facts: Facts, entry: Entry) -> tuple[Any, ...]:
    terms = _folded(entry.sparse)
    return (*_key(key), entry.index, *_facts(facts), entry.body, _dense(entry.dense), _sparse(terms), sorted(terms))


def _folded(sparse: Sparse) -> dict[int, float]:
    """Term ids from 1 to TERMS; two that fall together add up."""
    terms: dict[int, float] = {}
    for index, value in zip(sparse.indices, sparse.values, strict=True):
        terms[index % TERMS + 1] = terms.get(index % TERMS + 1, 0.0) + value
    return terms


def _dense(vector: Vector | None) -> str | None:
    return f"[{','.join(f'{value:.6g}' for value in vector)}]" if vector else None


def _sparse(terms: Mapping[int, float]) -> str:
    return f"{{{','.join(f'{term}:{terms[term]:.6g}' for term in sorted(terms))}}}/{TERMS}"


def _scope(readers: str, where: Where) -> tuple[str, list[Any]]:
    """What the readers may read, and only in partitions that have something for them."""
    names = sorted(where.readers)
    return f"owner = any(array(select owner from {readers} where reader = any(?))) and readers && ?::text[]", [names, names]


def _conditions(where: Where) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for sql, value in (
        ("doc_type = any(?)", sorted(where.doc_types)),
        ("folders && ?::text[]", sorted(where.folders)),
        ("tags && ?::text[]", sorted(where.tags)),
        ("modified >= ?", where.after),
        ("modified <= ?", where.before),
    ):
        if value not in (None, []):
            parts.append(f"and {sql}")
            values.append(value)
    return " ".join(parts), values


def _asked(passages: str, terms: Mapping[int, float], mine: str, mine_values: list[Any]) -> tuple[str, list[Any]]:
    """The query's terms weighted by their rarity among what the readers may read (Robertson and Zaragoza 2009)."""
    sql = (
        f"with scope as materialized (select terms from {passages} where {mine} and terms && ?::integer[]), "
        f"size as (select count(*) as n from {passages} where {mine}), "
        "counted as (select term, weight, (select count(*) from scope where terms @> array[term]) as df "
        "from unnest(?::integer[], ?::double precision[]) as t(term, weight)), "
        "rarity as (select term, weight * ln(1 + (n - df + 0.5) / (df + 0.5)) as weight from counted, size), "
        f"asked as (select ('{{' || string_agg(term || ':' || weight::real, ',' order by term) || '}}/{TERMS}')::sparsevec as query "
        "from rarity) "
    )
    ids = sorted(terms)
    return sql, [*mine_values, ids, *mine_values, ids, [terms[term] for term in ids]]


def _found(row: Mapping[str, Any]) -> Found:
    return Found(Key(row["owner"], row["doc_type"], row["doc_id"]), row["idx"], float(row["score"]), row["body"])


def _stored(row: Mapping[str, Any]) -> Stored:
    facts = Facts(frozenset(row["readers"]), row["modified"], frozenset(row["folders"]), frozenset(row["tags"]))
    pairs = [pair.split(":") for pair in row["sparse"].partition("}")[0].strip("{").split(",") if pair]
    sparse = Sparse([int(term) - 1 for term, _ in pairs], [float(weight) for _, weight in pairs])
    dense = _vector(row["dense"]) if row["dense"] else None
    return Stored(Key(row["owner"], row["doc_type"], row["doc_id"]), facts, Entry(row["idx"], row["body"], sparse, dense))


def _vector(text: str) -> Vector:
    return [float(value) for value in text.strip("[]").split(",")]
