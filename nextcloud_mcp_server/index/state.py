"""What is known of scans and of indexed documents, in the server's database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from nextcloud_mcp_server.index.plan import Stored
from nextcloud_mcp_server.index.store.port import Facts, Key
from nextcloud_mcp_server.storage import Database

DOCUMENT = "owner = ? and doc_type = ? and doc_id = ?"


@dataclass(frozen=True, slots=True)
class Indexed:
    """A document as it lies in a collection."""

    text_hash: str
    facts_hash: str
    facts: Facts
    passages: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a user is scanned next (epoch seconds), how long the scans are apart (seconds), how often it failed in a row.

    `refused_at`: since when Nextcloud has refused the user's credential. `not_before`: until when it asked to be left alone.
    """

    next_at: float
    interval: float
    failures: int = 0
    refused_at: float | None = None
    not_before: float | None = None


@dataclass(frozen=True, slots=True)
class Scanned:
    """The last scan of one user and type. `error` says why it failed."""

    user: str
    doc_type: str
    scanned_at: float | None
    error: str | None
    found: int


class State:
    """Tables `index_scan`, `index_schedule`, `index_stamp`, `index_document`, `index_heard`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stamps(self, user: str, doc_type: str) -> dict[str, Stored]:
        """The versions that are indexed for a user."""
        sql = "select doc_id, version, settled from index_stamp where user_id = ? and doc_type = ?"
        return {row["doc_id"]: Stored(row["version"], bool(row["settled"])) for row in await self._database.all(sql, user, doc_type)}

    async def source_state(self, user: str, doc_type: str) -> Mapping[str, Any] | None:
        """What the source's last listing gave; None makes it list everything."""
        row = await self._database.one("select state from index_scan where user_id = ? and doc_type = ?", user, doc_type)
        return orjson.loads(row["state"]) if row and row["state"] else None

    async def scanned(self, user: str, doc_type: str, *, now: float, found: int, state: Mapping[str, Any] | None) -> None:
        """A scan that went well; `state` None leaves the source's state as it was."""
        await self._database.run(
            "insert into index_scan (user_id, doc_type, state, scanned_at, error, found) values (?, ?, ?, ?, null, ?) "
            "on conflict (user_id, doc_type) do update set state = coalesce(excluded.state, index_scan.state), "
            "scanned_at = excluded.scanned_at, error = null, found = excluded.found",
            user,
            doc_type,
            None if state is None else orjson.dumps(state).decode(),
            now,
            found,
        )

    async def scan_failed(self, user: str, doc_type: str, error: str) -> None:
        await self._database.run(
            "insert into index_scan (user_id, doc_type, error) values (?, ?, ?) "
            "on conflict (user_id, doc_type) do update set error = excluded.error",
            user,
            doc_type,
            error[:500],
        )

    async def found(self, user: str, doc_type: str) -> int:
        """How many documents the last scan knew of."""
        row = await self._database.one("select found from index_scan where user_id = ? and doc_type = ?", user, doc_type)
        return row["found"] if row else 0

    async def start_over(self, user: str, doc_type: str | None = None) -> None:
        """The next scan of the user (of one type) lists everything; what is indexed stays."""
        kind, values = ("and doc_type = ?", (doc_type,)) if doc_type else ("", ())
        await self._database.run(f"update index_scan set state = null where user_id = ? {kind}", user, *values)  # noqa: S608 - constants

    async def users(self) -> frozenset[str]:
        """Everybody of whom something is kept."""
        rows = await self._database.all("select user_id from index_scan union select user_id from index_schedule")
        return frozenset(row["user_id"] for row in rows)

    async def types(self, user: str) -> frozenset[str]:
        """The document types that were scanned for a user."""
        rows = await self._database.all("select doc_type from index_scan where user_id = ?", user)
        return frozenset(row["doc_type"] for row in rows)

    async def seeing(self, doc_type: str) -> frozenset[str]:
        """Everybody for whom a document type was scanned."""
        rows = await self._database.all("select user_id from index_scan where doc_type = ?", doc_type)
        return frozenset(row["user_id"] for row in rows)

    async def scans(self, user: str | None = None) -> list[Scanned]:
        chosen, values = ("where user_id = ?", (user,)) if user is not None else ("", ())
        rows = await self._database.all(f"select * from index_scan {chosen} order by user_id, doc_type", *values)  # noqa: S608 - constants
        return [Scanned(row["user_id"], row["doc_type"], row["scanned_at"], row["error"], row["found"]) for row in rows]

    async def schedule(self, user: str) -> Schedule | None:
        row = await self._database.one("select * from index_schedule where user_id = ?", user)
        return Schedule(row["next_at"], row["interval"], row["failures"], row["refused_at"], row["not_before"]) if row else None

    async def due(self, user: str) -> None:
        """The user's next scan is due at once, or as soon as Nextcloud may be asked, whoever does it."""
        await self._database.run("update index_schedule set next_at = coalesce(not_before, 0) where user_id = ?", user)

    async def refused(self, before: float) -> frozenset[str]:
        """Those whose credential has been refused since before a time in epoch seconds."""
        rows = await self._database.all("select user_id from index_schedule where refused_at < ?", before)
        return frozenset(row["user_id"] for row in rows)

    async def plan_scan(self, user: str, schedule: Schedule) -> None:
        await self._database.run(
            "insert into index_schedule (user_id, next_at, interval, failures, refused_at, not_before) values (?, ?, ?, ?, ?, ?) "
            "on conflict (user_id) do update set next_at = excluded.next_at, interval = excluded.interval, "
            "failures = excluded.failures, refused_at = excluded.refused_at, not_before = excluded.not_before",
            user,
            schedule.next_at,
            schedule.interval,
            schedule.failures,
            schedule.refused_at,
            schedule.not_before,
        )

    async def known(self, user: str | None = None) -> Mapping[tuple[str, str], int]:
        """How many documents are indexed, by user and type."""
        chosen, values = ("where user_id = ?", (user,)) if user is not None else ("", ())
        sql = f"select user_id, doc_type, count(*) as size from index_stamp {chosen} group by user_id, doc_type"  # noqa: S608 - constants
        return {(row["user_id"], row["doc_type"]): row["size"] for row in await self._database.all(sql, *values)}

    async def owner(self, user: str, doc_type: str, doc_id: str) -> str | None:
        """Whose document it is that a user sees under this id."""
        sql = "select owner from index_stamp where user_id = ? and doc_type = ? and doc_id = ?"
        row = await self._database.one(sql, user, doc_type, doc_id)
        return row["owner"] if row else None

    async def seers(self, key: Key) -> frozenset[str]:
        """The users whose scans see the document."""
        rows = await self._database.all(f"select user_id from index_stamp where {DOCUMENT}", *_values(key))  # noqa: S608 - constants
        return frozenset(row["user_id"] for row in rows)

    async def see(self, user: str, key: Key, stored: Stored) -> None:
        """The version is indexed for the user."""
        await self._database.run(
            "insert into index_stamp (user_id, doc_type, doc_id, version, settled, owner) values (?, ?, ?, ?, ?, ?) "
            "on conflict (user_id, doc_type, doc_id) do update set version = excluded.version, settled = excluded.settled, "
            "owner = excluded.owner",
            user,
            key.doc_type,
            key.doc_id,
            stored.version,
            int(stored.settled),
            key.owner,
        )

    async def unsee(self, user: str, doc_type: str, doc_id: str) -> None:
        await self._database.run("delete from index_stamp where user_id = ? and doc_type = ? and doc_id = ?", user, doc_type, doc_id)

    async def indexed(self, collection: str, key: Key) -> Indexed | None:
        row = await self._database.one(f"select * from index_document where {DOCUMENT} and collection = ?", *_values(key), collection)  # noqa: S608 - constants
        return Indexed(row["text_hash"], row["facts_hash"], _facts(row["facts"]), row["passages"]) if row else None

    async def index(self, collection: str, key: Key, indexed: Indexed, now: float) -> None:
        await self._database.run(
            "insert into index_document (collection, owner, doc_type, doc_id, text_hash, facts_hash, facts, passages, indexed_at) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (collection, owner, doc_type, doc_id) do update set "
            "text_hash = excluded.text_hash, facts_hash = excluded.facts_hash, facts = excluded.facts, passages = excluded.passages, "
            "indexed_at = excluded.indexed_at",
            collection,
            *_values(key),
            indexed.text_hash,
            indexed.facts_hash,
            orjson.dumps(indexed.facts, default=sorted).decode(),
            indexed.passages,
            now,
        )

    async def unindex(self, key: Key) -> None:
        """In every collection."""
        await self._database.run(f"delete from index_document where {DOCUMENT}", *_values(key))  # noqa: S608 - constants

    async def missing(self, collection: str, limit: int) -> list[tuple[str, Key, str]]:
        """Documents that a user sees and that the collection lacks: one user of each, with the version."""
        rows = await self._database.all(
            "select min(s.user_id) as user_id, s.owner, s.doc_type, s.doc_id, max(s.version) as version from index_stamp s "
            "where not exists (select 1 from index_document d where d.collection = ? and d.owner = s.owner and d.doc_type = s.doc_type "
            "and d.doc_id = s.doc_id) group by s.owner, s.doc_type, s.doc_id limit ?",
            collection,
            limit,
        )
        return [(row["user_id"], Key(row["owner"], row["doc_type"], row["doc_id"]), row["version"]) for row in rows]

    async def forget_collections(self, names: Sequence[str]) -> None:
        await self._database.many("delete from index_document where collection = ?", [(name,) for name in names])

    async def seen_by(self, user: str, limit: int, doc_type: str | None = None) -> list[Key]:
        """Some of the documents that a user sees (of one type)."""
        kind, values = ("and doc_type = ?", (doc_type,)) if doc_type else ("", ())
        sql = f"select owner, doc_type, doc_id from index_stamp where user_id = ? {kind} limit ?"  # noqa: S608 - constants
        rows = await self._database.all(sql, user, *values, limit)
        return [Key(row["owner"], row["doc_type"], row["doc_id"]) for row in rows]

    async def forget_scans(self, user: str, doc_type: str | None = None) -> None:
        """What is known of the scans of a user (of one type)."""
        kind, values = ("and doc_type = ?", (doc_type,)) if doc_type else ("", ())
        await self._database.run(f"delete from index_scan where user_id = ? {kind}", user, *values)  # noqa: S608 - constants

    async def forget_schedule(self, user: str) -> None:
        await self._database.run("delete from index_schedule where user_id = ?", user)

    async def hear(self, name: str, now: float) -> None:
        """Something of this name came from Nextcloud, for every process to know."""
        await self._database.run(
            "insert into index_heard (name, heard_at) values (?, ?) on conflict (name) do update set heard_at = excluded.heard_at",
            name,
            now,
        )

    async def heard(self, name: str) -> float | None:
        """When it last came to any process, in epoch seconds."""
        row = await self._database.one("select heard_at from index_heard where name = ?", name)
        return row["heard_at"] if row else None


def _values(key: Key) -> tuple[str, str, str]:
    return key.owner, key.doc_type, key.doc_id


def _facts(stored: str) -> Facts:
    fields = orjson.loads(stored)
    return Facts(frozenset(fields["readers"]), fields["modified"], frozenset(fields["folders"]), frozenset(fields["tags"]))
