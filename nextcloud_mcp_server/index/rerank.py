"""A cross-encoder over HTTP that reads query and passage together (Cohere's `/v2/rerank`, which Jina, vLLM and LocalAI speak too)."""

from collections.abc import Sequence
from typing import Protocol

import aiohttp
from pydantic import BaseModel, ValidationError

from nextcloud_mcp_server.core.errors import BadAnswer, Unreachable


class Reranker(Protocol):
    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, from 0 to 1."""
        ...

    async def close(self) -> None: ...


class _Result(BaseModel):
    index: int
    relevance_score: float


class _Results(BaseModel):
    results: list[_Result]


class HttpReranker:
    """`url` is the whole address; `seconds` its time-out."""

    def __init__(self, url: str, model: str, *, api_key: str = "", seconds: float = 5) -> None:
        self._url, self._model = url, model
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._http: aiohttp.ClientSession | None = None

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """Raises Unreachable and BadAnswer; the caller goes on without."""
        self._http = self._http or aiohttp.ClientSession(headers=self._headers, timeout=self._timeout)
        body = {"model": self._model, "query": query, "documents": list(texts), "top_n": len(texts)}
        try:
            async with self._http.post(self._url, json=body) as response:
                raw, status = await response.read(), response.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"The reranker does not answer ({type(error).__name__}).") from None
        if status != 200:
            raise BadAnswer(f"The reranker answers {status}.", hint="Check SEARCH_RERANK_URL, its key and its model.")
        try:
            found = {result.index: result.relevance_score for result in _Results.model_validate_json(raw).results}
        except ValidationError:
            raise BadAnswer("The reranker answered with something other than Cohere's JSON.") from None
        return [found.get(at, 0.0) for at in range(len(texts))]

    async def close(self) -> None:
        if self._http:
            await self._http.close()
