"""Embedding providers over HTTP: OpenAI's API (also Infinity, TEI, vLLM, LocalAI), and Ollama's own."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from nextcloud_mcp_server.core.errors import (
    BadAnswer,
    CredentialRefused,
    InvalidValue,
    Maintenance,
    NextcloudError,
    RateLimited,
    Unreachable,
)
from nextcloud_mcp_server.index.chunks import estimate
from nextcloud_mcp_server.index.embed.port import Model, Vector

M = TypeVar("M", bound=BaseModel)
LIMIT = 512
"""Tokens of a passage where the provider does not tell its model's limit: common models see that much, and longer passages find worse."""
OLLAMA_BATCH = 16

PREFIXES: Mapping[str, tuple[str, str]] = {
    "nomic-embed-text": ("search_query: ", "search_document: "),
    "multilingual-e5": ("query: ", "passage: "),
    "e5-": ("query: ", "passage: "),
    "mxbai-embed": ("Represent this sentence for searching relevant passages: ", ""),
    "snowflake-arctic-embed": ("Represent this sentence for searching relevant passages: ", ""),
}
"""What these models were trained to see before a query and before a passage (their model cards)."""


def prefix_of(model: str, *, query: bool) -> str:
    """What to put before a text for this model."""
    plain = model.rsplit("/", 1)[-1].lower()
    found = next((pair for start, pair in PREFIXES.items() if plain.startswith(start)), ("", ""))
    return found[0] if query else found[1]


class HttpEmbedder:
    """What the providers share: one connection pool, errors of our kinds, vectors of length 1."""

    service = ""

    def __init__(
        self, url: str, model: str, *, api_key: str = "", batch: int = 64, limit: int = LIMIT, seconds: float = 120, verify: bool = True
    ) -> None:
        self.url, self.model, self.batch = url.rstrip("/"), model, batch
        self.name = f"{self.service}:{model}"
        self._limit = limit
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=5)
        self._verify = verify
        self._http: aiohttp.ClientSession | None = None
        self._described: Model | None = None

    async def describe(self) -> Model:
        if self._described is None:
            limit = await self.limit()
            (probe,) = await self.embed(["How long is a vector?"])
            self._described = Model(self.name, len(probe), limit)
        return self._described

    async def limit(self) -> int:
        """The tokens of a passage, its prefix and the special ones not counted."""
        return self._limit - len(estimate(prefix_of(self.model, query=False))) - 2

    async def tokens(self, text: str) -> Sequence[int]:
        return await asyncio.to_thread(estimate, text) if len(text) > 20_000 else estimate(text)

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> list[Vector]:
        prefix = prefix_of(self.model, query=query)
        vectors = await self.vectors([prefix + text for text in texts])
        if len(vectors) != len(texts) or not all(vectors):
            raise BadAnswer(f"{self.name} answered {len(vectors)} vectors for {len(texts)} texts.")
        return [_unit(vector) for vector in vectors]

    async def vectors(self, texts: Sequence[str]) -> list[Vector]:
        raise NotImplementedError

    async def close(self) -> None:
        if self._http:
            await self._http.close()
            self._http = None

    async def ask(self, method: str, path: str, answer: type[M], body: Mapping[str, Any] | None = None) -> M:
        """One request. Raises the kinds of the port."""
        if self._http is None:
            connector = aiohttp.TCPConnector(ssl=self._verify)
            self._http = aiohttp.ClientSession(headers=self._headers, timeout=self._timeout, connector=connector)
        try:
            async with self._http.request(method, self.url + path, json=body) as response:
                raw = await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"The embedding provider at {self.url} does not answer ({type(error).__name__}).") from None
        if response.status != 200:
            raise self.failure(response.status, response.headers.get("retry-after", ""), raw.decode("utf-8", "replace"))
        try:
            return answer.model_validate_json(raw)
        except ValidationError:
            raise BadAnswer(f"The embedding provider at {self.url} answered with something other than its documented JSON.") from None

    def failure(self, status: int, wait: str, body: str) -> NextcloudError:
        """The error for a status that is not 200."""
        seconds = float(wait) if wait.isdecimal() else None
        if status == 429:
            return RateLimited(f"{self.name} limits requests.", retry_after=seconds)
        if status in (502, 503, 504):
            return Maintenance(f"{self.name} is overloaded or starting ({status}).", retry_after=seconds)
        if status in (401, 403):
            return CredentialRefused(f"{self.name} refuses the API key ({status}).", hint="Correct the provider's API key.")
        if status == 404:
            return self.missing()
        return InvalidValue(f"{self.name} refuses the request ({status}).", hint=" ".join(body.split())[:200])

    def missing(self) -> NextcloudError:
        return InvalidValue(f"{self.url} has no model {self.model!r}.", hint="Correct the model's name or the provider's address.")


class _Embedding(BaseModel):
    index: int = 0
    embedding: Vector


class _Embeddings(BaseModel):
    data: list[_Embedding]


class OpenAIEmbedder(HttpEmbedder):
    """`POST /embeddings` of OpenAI's API; `url` ends where the paths begin (`https://api.openai.com/v1`)."""

    service = "openai"

    async def vectors(self, texts: Sequence[str]) -> list[Vector]:
        body = {"model": self.model, "input": list(texts), "encoding_format": "float"}
        answer = await self.ask("POST", "/embeddings", _Embeddings, body)
        return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]


class InfinityEmbedder(OpenAIEmbedder):
    """Infinity speaks OpenAI's API without its `/v1`."""

    service = "infinity"


class _Tag(BaseModel):
    name: str


class _Tags(BaseModel):
    models: list[_Tag] = []


class _Shown(BaseModel):
    model_info: dict[str, Any] = {}


class _Vectors(BaseModel):
    embeddings: list[Vector]


class OllamaEmbedder(HttpEmbedder):
    """Ollama's own API: `/api/embed` with at most 16 texts, `/api/tags`, `/api/show`."""

    service = "ollama"

    def __init__(self, url: str, model: str, *, seconds: float = 300, verify: bool = True) -> None:
        super().__init__(url, model.removesuffix(":latest"), batch=OLLAMA_BATCH, seconds=seconds, verify=verify)

    async def limit(self) -> int:
        """The model's own limit where it is smaller. Raises InvalidValue for a model that was not pulled."""
        names = [tag.name for tag in (await self.ask("GET", "/api/tags", _Tags)).models]
        if self.model not in {name.removesuffix(":latest") for name in names}:
            raise self.missing(names)
        shown = await self.ask("POST", "/api/show", _Shown, {"model": self.model})
        lengths = [value for key, value in shown.model_info.items() if key.endswith(".context_length") and isinstance(value, int)]
        self._limit = min(self._limit, *lengths) if lengths else self._limit
        return await super().limit()

    async def vectors(self, texts: Sequence[str]) -> list[Vector]:
        body = {"model": self.model, "input": list(texts), "truncate": False}
        return (await self.ask("POST", "/api/embed", _Vectors, body)).embeddings

    def missing(self, names: Sequence[str] = ()) -> NextcloudError:
        hint = f"Run `ollama pull {self.model}` there."
        return InvalidValue(f"Ollama at {self.url} has no model {self.model!r}.", hint=hint, candidates=names)


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else vector
