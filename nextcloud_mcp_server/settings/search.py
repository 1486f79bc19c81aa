"""Settings of background sync, search and document parsing."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, SecretStr

from nextcloud_mcp_server.settings.fields import CommaList, Lower, Section, Url, setting


class Sync(Section):
    """Following changes in the background."""

    enabled: bool | None = setting(
        "ENABLE_SEMANTIC_SEARCH", default=None, description="Semantic search; unset: on in single-user mode when [search] is installed"
    )
    interval: float = setting(
        "VECTOR_SYNC_SCAN_INTERVAL",
        "VECTOR_SYNC_INTERVAL",
        "SYNC_INTERVAL_SECONDS",
        default=300.0,
        gt=0,
        description="Seconds between scans",
    )
    interval_max: float | None = setting(
        "VECTOR_SYNC_SCAN_INTERVAL_MAX", default=None, description="Longest interval of a person whose scans find nothing"
    )
    user_poll: float = setting("VECTOR_SYNC_USER_POLL_INTERVAL", default=60.0, gt=0, description="Seconds between looks for new people")
    workers: int = setting("VECTOR_SYNC_PROCESSOR_WORKERS", default=3, ge=1, le=64, description="Documents processed at once per process")
    max_failures: int = setting(
        "VECTOR_SYNC_MAX_INDEX_FAILURES", default=5, ge=1, description="Failures before a document is given up until it changes"
    )
    requests_per_second: float = setting(
        "VECTOR_SYNC_MAX_REQUESTS_PER_SECOND", default=5.0, gt=0, description="Scan requests to one Nextcloud, all people together"
    )
    doc_types: CommaList = setting("VECTOR_SYNC_DOC_TYPES", default=(), description="Document types to index; none: all")
    webhook_secret: SecretStr | None = setting(
        "WEBHOOK_SECRET", default=None, min_length=16, description="Secret of Nextcloud's webhooks; unset: no webhook route"
    )
    role: Annotated[Literal["all", "api", "worker"], BeforeValidator(Lower)] = setting(
        "MCP_ROLE", default="all", description="What this process does"
    )


class Search(Section):
    """Searching, embedding, storing vectors."""

    timeout_ms: int = setting(
        "SEARCH_TIMEOUT_MS", default=2000, ge=50, description="Longest wait for a query's embedding before BM25 answers alone"
    )
    language: str | None = setting("SEARCH_LANGUAGE", default=None, description="Language of word stems; unset: the person's")
    model_dir: Path | None = setting(
        "EMBEDDING_MODEL_DIR", default=None, description="Folder of the local model; unset: in the cache folder, built once"
    )
    chunk_size: int = setting(
        "DOCUMENT_CHUNK_SIZE", default=2048, ge=100, description="Characters of a passage, at most what the model takes"
    )
    chunk_overlap: int = setting("DOCUMENT_CHUNK_OVERLAP", default=200, ge=0, description="Characters that neighbouring passages share")
    openai_key: SecretStr | None = setting("OPENAI_API_KEY", default=None, description="Key of an OpenAI-compatible provider")
    openai_url: Url | None = setting("OPENAI_BASE_URL", default=None, description="Its address")
    openai_model: str = setting("OPENAI_EMBEDDING_MODEL", default="text-embedding-3-small", description="Its embedding model")
    infinity_url: Url | None = setting("INFINITY_URL", default=None, description="Address of an Infinity server")
    infinity_model: str | None = setting("EMBEDDING_MODEL", default=None, description="Its embedding model")
    ollama_url: Url | None = setting("OLLAMA_BASE_URL", "OLLAMA_URL", default=None, description="Address of Ollama")
    ollama_model: str = setting("OLLAMA_EMBEDDING_MODEL", "OLLAMA_MODEL", default="nomic-embed-text", description="Its embedding model")
    ollama_verify_ssl: bool = setting("OLLAMA_VERIFY_SSL", default=True, description="Check Ollama's certificate")
    qdrant_url: Url | None = setting("QDRANT_URL", default=None, description="Address of a Qdrant server")
    qdrant_key: SecretStr | None = setting("QDRANT_API_KEY", default=None, description="Its key")
    qdrant_location: str | None = setting(
        "QDRANT_LOCATION", default=None, description="Folder of the embedded store; unset: in the data directory"
    )
    collection: str = setting("QDRANT_COLLECTION", default="nextcloud_content", description="Name of the collection")
    rerank_url: Url | None = setting("SEARCH_RERANK_URL", default=None, description="Cohere-style rerank address")
    rerank_key: SecretStr | None = setting("SEARCH_RERANK_API_KEY", default=None, description="Its key")
    rerank_model: str = setting("SEARCH_RERANK_MODEL", default="local/BAAI/bge-reranker-v2-m3", description="Its model")


class Documents(Section):
    """Reading text out of documents."""

    max_pdf_mb: float = setting("DOCUMENT_MAX_PDF_SIZE_MB", default=50.0, ge=0, description="Largest PDF that is parsed (0: no limit)")
    tesseract: bool = setting("ENABLE_TESSERACT", default=False, description="Read scanned pages and images by Tesseract")
    tesseract_cmd: str | None = setting("TESSERACT_CMD", default=None, description="Its command")
    tesseract_lang: str = setting("TESSERACT_LANG", default="eng", description="Its languages, such as eng+deu")
    unstructured: bool = setting("ENABLE_UNSTRUCTURED", default=False, description="Parse by an Unstructured server")
    unstructured_url: Url = setting("UNSTRUCTURED_API_URL", default="http://unstructured:8000", description="Its address")
    unstructured_timeout: float = setting("UNSTRUCTURED_TIMEOUT", default=120.0, gt=0, description="Seconds it may take")
    unstructured_strategy: Literal["auto", "fast", "hi_res"] = setting("UNSTRUCTURED_STRATEGY", default="auto", description="Its strategy")
    unstructured_languages: CommaList = setting("UNSTRUCTURED_LANGUAGES", default=("eng", "deu"), description="Its languages")
    docling: bool = setting("ENABLE_DOCLING", default=False, description="Parse by a Docling server")
    docling_url: Url | None = setting("DOCLING_API_URL", default=None, description="Its address")
    custom: bool = setting("ENABLE_CUSTOM_PROCESSOR", default=False, description="Parse by a server of your own")
    custom_url: Url | None = setting("CUSTOM_PROCESSOR_URL", default=None, description="Its address")
    custom_types: CommaList = setting("CUSTOM_PROCESSOR_TYPES", default=("application/pdf",), description="Media types it takes")
    custom_name: str = setting("CUSTOM_PROCESSOR_NAME", default="custom", description="Its name in answers")
    custom_key: SecretStr | None = setting("CUSTOM_PROCESSOR_API_KEY", default=None, description="Its key")
    custom_timeout: float = setting("CUSTOM_PROCESSOR_TIMEOUT", default=60.0, gt=0, description="Seconds it may take")
