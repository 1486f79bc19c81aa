"""Chooses, by the settings, what keeps the index: database, queue, store, embedder, readers."""

import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from nextcloud_mcp_server.auth.keeping import address
from nextcloud_mcp_server.index.alone import Alone
from nextcloud_mcp_server.index.bodies import Cipher
from nextcloud_mcp_server.index.embed.http import InfinityEmbedder, OllamaEmbedder, OpenAIEmbedder
from nextcloud_mcp_server.index.embed.port import Embedder
from nextcloud_mcp_server.index.engine.client import Engine, LocalEmbedder, LocalStore
from nextcloud_mcp_server.index.passages import Shape
from nextcloud_mcp_server.index.queue.embedded import EmbeddedQueue
from nextcloud_mcp_server.index.queue.port import Queue
from nextcloud_mcp_server.index.rerank import HttpReranker
from nextcloud_mcp_server.index.store.port import VectorStore
from nextcloud_mcp_server.server.reading import readers_of
from nextcloud_mcp_server.settings import Mode, Settings, SettingsError, cache_directory
from nextcloud_mcp_server.settings.search import Search
from nextcloud_mcp_server.storage import Database, StorageError, open_database
from nextcloud_mcp_server.storage.sqlite import SQLite
from nextcloud_mcp_server.text import Readers

FILE = "index.db"
OPENAI = "https://api.openai.com/v1"
CHARACTERS = 4
"""Characters of a token, for settings in characters."""
OVERLAPPING = 5


@dataclass
class Parts:
    """What lives as long as the process. Nothing is open yet."""

    database: Database
    queue: Queue
    store: VectorStore
    embedder: Embedder
    engine: Engine | None
    readers: Readers
    shape: Shape
    reranker: HttpReranker | None
    cipher: Cipher | None
    alone: Alone | None
    queue_name: str = "sqlite"


def parts(settings: Settings, readers: Readers | None = None) -> Parts:
    """`readers` are those that others of the process use too. Raises SettingsError."""
    single = settings.mode is Mode.SINGLE_USER
    place = address(settings.storage, settings.server.data_dir)
    if single and not settings.storage.database_url and not settings.storage.file:
        place = str(settings.server.data_dir / FILE)
    try:
        database = open_database(place)
    except StorageError as problem:
        raise SettingsError(f"DATABASE_URL is wrong: {problem.message} {problem.hint}") from None
    shared = database.dialect == "pg"
    search = settings.search
    embedder = _remote_embedder(search)
    engine = None
    if embedder is None or not (shared or search.qdrant_url):
        folder = Path(search.qdrant_location) if search.qdrant_location else settings.server.data_dir / "index"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = Engine(folder.resolve(), cache_directory() / "models", search.model_dir)
    store = _store(search, database, engine)
    return Parts(
        database=database,
        queue=_shared_queue(database, place) if shared else EmbeddedQueue(database),
        store=store,
        embedder=embedder or LocalEmbedder(_there(engine)),
        engine=engine,
        readers=readers or readers_of(settings.documents),
        shape=Shape(overlap=search.chunk_overlap // OVERLAPPING, most=max(1, search.chunk_size // CHARACTERS)),
        reranker=_reranker(search),
        cipher=None if single else _cipher(settings),
        alone=Alone(database.path.with_name(f"{database.path.name}.lock")) if isinstance(database, SQLite) else None,
        queue_name="postgres" if shared else "sqlite",
    )


def _there(engine: Engine | None) -> Engine:
    if engine is None:
        raise AssertionError("unreachable: whatever is embedded has an engine")
    return engine


def _remote_embedder(search: Search) -> Embedder | None:
    """The first that is configured; None: the embedded model."""
    if search.openai_key or search.openai_url:
        key = search.openai_key.get_secret_value() if search.openai_key else ""
        return OpenAIEmbedder(search.openai_url or OPENAI, search.openai_model, api_key=key)
    if search.infinity_url:
        if not search.infinity_model:
            raise SettingsError("EMBEDDING_MODEL is missing: INFINITY_URL needs the name of its model.")
        return InfinityEmbedder(search.infinity_url, search.infinity_model)
    if search.ollama_url:
        return OllamaEmbedder(search.ollama_url, search.ollama_model, verify=search.ollama_verify_ssl)
    return None


def _store(search: Search, database: Database, engine: Engine | None) -> VectorStore:
    if search.qdrant_url:
        from nextcloud_mcp_server.index.store.qdrant import QdrantStore

        try:
            return QdrantStore(search.qdrant_url, api_key=search.qdrant_key.get_secret_value() if search.qdrant_key else None)
        except ImportError:
            raise SettingsError("QDRANT_URL needs the extra: pip install 'nextcloud-mcp-server[qdrant]'") from None
    if database.dialect == "pg":
        from nextcloud_mcp_server.index.store.pgvector import PgVectorStore

        return PgVectorStore(database)
    return LocalStore(_there(engine))


def _shared_queue(database: Database, place: str) -> Queue:
    from nextcloud_mcp_server.index.queue.shared import SharedQueue

    return SharedQueue(database, re.sub(r"^\w+(\+\w+)?://", "postgresql://", place))


def _reranker(search: Search) -> HttpReranker | None:
    key = search.rerank_key.get_secret_value() if search.rerank_key else ""
    return HttpReranker(search.rerank_url, search.rerank_model, api_key=key) if search.rerank_url else None


def _cipher(settings: Settings) -> Cipher | None:
    keys = [key.get_secret_value() for key in settings.storage.encryption_keys]
    return MultiFernet([Fernet(key) for key in keys]) if keys else None
