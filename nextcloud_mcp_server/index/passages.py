"""From a document's text to what the store keeps of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePosixPath

from nextcloud_mcp_server.core.documents import Document
from nextcloud_mcp_server.index import sparse
from nextcloud_mcp_server.index.bodies import Body, Cipher, seal
from nextcloud_mcp_server.index.chunks import Passage, chunk, estimate
from nextcloud_mcp_server.index.embed.batches import Batches
from nextcloud_mcp_server.index.embed.port import Model
from nextcloud_mcp_server.index.store.port import Entry, Facts, folder_keys

WORDS_LIMIT = 254
"""Tokens of a passage while there is no model."""
TITLE = 120
"""Characters of a title that go before each passage, so that it is found in its context."""
FORMAT = "1"
"""Changes when the same text has to be cut or embedded differently."""


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text with the offsets at which pages begin."""

    title: str
    text: str
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """How passages are cut: `overlap` and `most` in tokens; `most` holds where the model would take more."""

    overlap: int = 40
    most: int = 512


def text_hash(text: Text, fingerprint: str | None) -> str:
    """Equal for texts that lead to the same vectors."""
    digest = blake2b(digest_size=16)
    for part in (FORMAT, fingerprint or "", text.title, str(text.pages), text.text):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def facts_of(document: Document, readers: frozenset[str]) -> Facts:
    """What a document is filtered by."""
    modified = document.modified.timestamp() if document.modified else None
    return Facts(readers, modified, folder_keys(document.path), frozenset(document.tags))


def facts_hash(document: Document, facts: Facts) -> str:
    """Equal for documents that differ in nothing but their version."""
    digest = blake2b(digest_size=16)
    about = (sorted(facts.readers), facts.modified, sorted(facts.tags), document.path, document.mime_type, sorted(document.extra.items()))
    digest.update(repr(about).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


class Cutter:
    """Cuts documents for one model, or for words alone."""

    def __init__(self, batches: Batches | None, model: Model | None, *, shape: Shape | None = None, cipher: Cipher | None = None) -> None:
        self._batches = batches if model else None
        self._shape = shape or Shape()
        self._limit = min(model.limit if model else WORDS_LIMIT, self._shape.most)
        self._cipher = cipher

    async def entries(self, document: Document, text: Text, language: str) -> list[Entry]:
        """A document's passages with their vectors; its title alone where it has no text."""
        passages, seen = await self._cut(text)
        bodies = await asyncio.to_thread(self.bodies, document, text, passages)
        terms = await asyncio.to_thread(lambda: [sparse.of_document(one, language) for one in seen])
        vectors = await self._batches.embed(seen) if self._batches else [None] * len(seen)
        return [Entry(*item) for item in zip(range(len(seen)), bodies, terms, vectors, strict=True)]

    async def described(self, document: Document, text: Text) -> list[str]:
        """The bodies of a document whose text is embedded already."""
        passages, _ = await self._cut(text)
        return await asyncio.to_thread(self.bodies, document, text, passages)

    def bodies(self, document: Document, text: Text, passages: Sequence[Passage]) -> list[str]:
        """What is shown of each passage."""
        modified = document.modified.timestamp() if document.modified else None
        return [
            seal(
                Body(
                    text.title,
                    text.text[passage.start : passage.end],
                    passage.start,
                    passage.end,
                    passage.page,
                    len(passages),
                    document.path,
                    document.mime_type,
                    modified,
                    dict(document.extra),
                ),
                self._cipher,
            )
            for passage in passages
        ]

    async def _cut(self, text: Text) -> tuple[list[Passage], list[str]]:
        """The passages, and each as model and words see it: after the title."""
        title = " ".join(text.title.split())[:TITLE]
        head = f"{title}\n" if title else ""
        room = self._limit - (len(await self._tokens(head)) if head else 0)
        tokens = await self._tokens(text.text)
        passages = await asyncio.to_thread(chunk, text.text, tokens, limit=room, overlap=self._shape.overlap, pages=text.pages)
        if not passages:
            return [Passage(0, 0, 0)], [title or "?"]
        parts = [text.text[passage.start : passage.end] for passage in passages]
        return passages, [part if part.startswith(title) else head + part for part in parts]

    async def _tokens(self, text: str) -> Sequence[int]:
        if self._batches:
            return await self._batches.embedder.tokens(text)
        return await asyncio.to_thread(estimate, text)


def title_of(document: Document) -> str:
    """A document's title; a file's name without its ending where it has none."""
    return document.title or (PurePosixPath(document.path).stem if document.path else document.id)
