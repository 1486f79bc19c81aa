"""Puts one document into the index, or takes it out: what changed and nothing else."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from nextcloud_mcp_server.core.documents import Document
from nextcloud_mcp_server.index.bodies import Cipher
from nextcloud_mcp_server.index.collections import Collections, Target
from nextcloud_mcp_server.index.passages import Cutter, Shape, Text, facts_hash, facts_of, text_hash
from nextcloud_mcp_server.index.plan import Stored
from nextcloud_mcp_server.index.state import Indexed, State
from nextcloud_mcp_server.index.store.port import Facts, Key, VectorStore

LOCKS = 64
FORGET = 200


class Indexer:
    """Every call may be done again: it ends in the same index. `clock` gives epoch seconds."""

    def __init__(
        self,
        state: State,
        store: VectorStore,
        collections: Collections,
        *,
        shape: Shape | None = None,
        cipher: Cipher | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._state, self._store, self._collections = state, store, collections
        self._shape, self._cipher, self._clock = shape, cipher, clock
        self._locks = [asyncio.Lock() for _ in range(LOCKS)]

    async def index(self, user: str, doc_type: str, document: Document, text: Text, stored: Stored, language: str) -> bool:
        """The document as `user` fetched it; whether anything was embedded."""
        key = Key(document.owner or user, doc_type, document.id)
        async with self._lock(key):
            seers = await self._state.seers(key)
            facts = facts_of(document, document.readers | seers | {user, key.owner})
            embedded = False
            for target in self._collections.targets():
                embedded |= await self._write(target, key, document, text, facts, language)
            await self._leave_other_owner(user, key)
            await self._state.see(user, key, stored)
            return embedded

    async def drop(self, user: str, doc_type: str, doc_id: str) -> None:
        """The user sees the document no more; it goes when nobody does."""
        key = Key(await self._state.owner(user, doc_type, doc_id) or user, doc_type, doc_id)
        async with self._lock(key):
            await self._drop(user, key)

    async def forget(self, user: str, doc_type: str | None = None) -> int:
        """Takes out everything (of one type) that only this user sees, and the user from the rest; how many documents it was."""
        count = 0
        while keys := await self._state.seen_by(user, FORGET, doc_type):
            for key in keys:
                async with self._lock(key):
                    await self._drop(user, key)
            count += len(keys)
        return count

    async def _drop(self, user: str, key: Key) -> None:
        others = await self._state.seers(key) - {user}
        if others:
            await self._narrow(key, user)
        else:
            for target in self._collections.targets():
                await self._store.delete(target.name, [key])
            await self._state.unindex(key)
        await self._state.unsee(user, key.doc_type, key.doc_id)

    async def _narrow(self, key: Key, user: str) -> None:
        """Takes one reader out."""
        for target in self._collections.targets():
            indexed = await self._state.indexed(target.name, key)
            if indexed and user in indexed.facts.readers:
                facts = replace(indexed.facts, readers=indexed.facts.readers - {user})
                await self._store.describe(target.name, key, facts)
                await self._state.index(target.name, key, replace(indexed, facts=facts, facts_hash=""), self._clock())

    async def _leave_other_owner(self, user: str, key: Key) -> None:
        """A document that changed hands is dropped from its former owner's partition."""
        owner = await self._state.owner(user, key.doc_type, key.doc_id)
        if owner is not None and owner != key.owner:
            await self._drop(user, replace(key, owner=owner))

    async def _write(self, target: Target, key: Key, document: Document, text: Text, facts: Facts, language: str) -> bool:
        present = await self._state.indexed(target.name, key)
        wanted = text_hash(text, f"{target.model.fingerprint if target.model else ''} {language}")
        about = facts_hash(document, facts)
        if present and (present.text_hash, present.facts_hash) == (wanted, about):
            return False
        cutter = Cutter(self._collections.batches, target.model, shape=self._shape, cipher=self._cipher)
        embedded = not present or present.text_hash != wanted
        if embedded:
            entries = await cutter.entries(document, text, language)
            await self._store.replace(target.name, key, facts, entries)
            count = len(entries)
        else:
            bodies = await cutter.described(document, text)
            await self._store.describe(target.name, key, facts, bodies)
            count = len(bodies)
        await self._state.index(target.name, key, Indexed(wanted, about, facts, count), self._clock())
        return embedded and target.model is not None

    def _lock(self, key: Key) -> asyncio.Lock:
        return self._locks[hash(key) % LOCKS]
