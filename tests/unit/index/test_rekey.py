"""Passages come under another key, whatever interrupts that; what does not open is its document's loss alone."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, MultiFernet

from nextcloud_mcp_server.index.bodies import Body, Unreadable, is_under, seal, unseal
from nextcloud_mcp_server.index.rekey import Rekeyed, rekey
from nextcloud_mcp_server.index.sparse import of_document
from nextcloud_mcp_server.index.store.edge import EdgeStore
from nextcloud_mcp_server.index.store.pgvector import PgVectorStore
from nextcloud_mcp_server.index.store.port import Entry, Facts, Key, VectorStore
from nextcloud_mcp_server.storage import open_database
from tests.providers.postgres import postgres_address, postgres_server

__all__ = ["postgres_address", "postgres_server"]
C, PASSAGES, DOCUMENTS = "test_1", 3, 12
OLD, NEW, LOST = (Fernet(Fernet.generate_key()) for _ in range(3))
BOTH = MultiFernet([NEW, OLD])
FACTS = Facts(frozenset({"alice"}), 7.0, frozenset({"f"}), frozenset({"t"}))


def key(number: int) -> Key:
    return Key("alice", "note", str(number))


def body(number: int, at: int) -> Body:
    return Body(f"Note {number}", f"apple {number}.{at}", at, at + 1, of=PASSAGES)


async def fill(store: VectorStore, cipher: Fernet | None = OLD, documents: range = range(DOCUMENTS)) -> None:
    await store.open(C, 2)
    for number in documents:
        sealed = [seal(body(number, at), cipher) for at in range(PASSAGES)]
        entries = [Entry(at, text, of_document("apple", "english"), [1.0, at]) for at, text in enumerate(sealed)]
        await store.replace(C, key(number), FACTS, entries)


async def all_under_the_new_key(store: VectorStore) -> bool:
    count = 0
    async for stored in store.scan(C):
        number = int(stored.key.doc_id)
        assert (unseal(stored.entry.body, NEW), stored.facts) == (body(number, stored.entry.index), FACTS)
        assert stored.entry.dense
        count += 1
    return count == DOCUMENTS * PASSAGES


async def test_every_passage_comes_under_the_first_key_and_nothing_else_changes(tmp_path: Path, postgres_address: str) -> None:
    database = open_database(postgres_address)
    await database.open()
    for store in (EdgeStore(tmp_path / "vectors"), PgVectorStore(database)):
        await fill(store)
        await fill(store, None, range(1))
        assert await rekey(store, [C], BOTH, NEW) == Rekeyed(DOCUMENTS, DOCUMENTS, ())
        assert await all_under_the_new_key(store)
        assert await rekey(store, [C], BOTH, NEW) == Rekeyed(DOCUMENTS, 0, ())
        await store.close()
    await database.close()


async def test_a_document_that_no_key_opens_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path / "vectors")
    await fill(store)
    await fill(store, LOST, range(3, 4))
    done = await rekey(store, [C], BOTH, NEW)
    assert done == Rekeyed(DOCUMENTS, DOCUMENTS - 1, (key(3),))
    (first, *_) = await store.passages(C, key(3))
    with pytest.raises(Unreadable):
        unseal(first.body, BOTH)
    await store.close()


DYING = """
import asyncio, os, signal, sys
from pathlib import Path
from cryptography.fernet import Fernet, MultiFernet
from nextcloud_mcp_server.index.rekey import rekey
from nextcloud_mcp_server.index.store.edge import EdgeStore

async def main(folder, new, old, collection, deaths):
    store, left = EdgeStore(Path(folder)), [int(deaths)]
    original = store.describe
    async def describe(*given):
        await original(*given)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    store.describe = describe
    await rekey(store, [collection], MultiFernet([Fernet(new), Fernet(old)]), Fernet(new))

asyncio.run(main(*sys.argv[1:]))
"""


def killed(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-c", DYING, *arguments], check=False).returncode


async def test_killed_in_the_middle_it_goes_on_where_it_was(tmp_path: Path) -> None:
    new, old = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    first = Fernet(new)
    store = EdgeStore(tmp_path)
    await fill(store, Fernet(old))
    await store.close()
    for _ in range(2):
        assert killed(str(tmp_path), new, old, C, "4") == -signal.SIGKILL
    store = EdgeStore(tmp_path)
    bodies = [stored.entry.body async for stored in store.scan(C)]
    assert sum(is_under(text, first) for text in bodies) == 8 * PASSAGES
    assert all(unseal(text, MultiFernet([first, Fernet(old)])) for text in bodies)
    assert await rekey(store, [C], MultiFernet([first, Fernet(old)]), first) == Rekeyed(DOCUMENTS, DOCUMENTS - 8, ())
    assert all([is_under(stored.entry.body, first) async for stored in store.scan(C)])
    await store.close()
