"""Stored passages under another key: document by document, so that it can end at any moment and begin again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nextcloud_mcp_server.index.bodies import Cipher, Unreadable, is_under, seal, unseal
from nextcloud_mcp_server.index.store.port import Key, VectorStore


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """`documents` is how many there are, `changed` how many were under another key; `unreadable` no key opens."""

    documents: int
    changed: int
    unreadable: tuple[Key, ...]


async def rekey(
    store: VectorStore, collections: Iterable[str], cipher: Cipher, first: Cipher, progress: Callable[[], None] = lambda: None
) -> Rekeyed:
    """Encrypts with `first` whatever `cipher` opens and `first` does not; what is under it already is left alone.

    While it runs, nothing else may write to the store: a passage could be put back as it was.
    """
    seen, changed, unreadable = set[tuple[str, Key]](), 0, list[Key]()
    for collection in collections:
        async for stored in store.scan(collection):
            if (collection, stored.key) in seen:
                continue
            seen.add((collection, stored.key))
            bodies = [entry.body for entry in await store.passages(collection, stored.key)]
            if not all(is_under(body, first) for body in bodies):
                try:
                    renewed = [seal(unseal(body, cipher), first) for body in bodies]
                except Unreadable:
                    unreadable.append(stored.key)
                else:
                    await store.describe(collection, stored.key, stored.facts, renewed)
                    changed += 1
            progress()
    return Rekeyed(len(seen), changed, tuple(unreadable))
