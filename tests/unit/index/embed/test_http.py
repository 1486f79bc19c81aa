"""Embedding providers over real HTTP, each speaking its documented protocol."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from nextcloud_mcp_server.core.errors import (
    BadAnswer,
    CredentialRefused,
    InvalidValue,
    Maintenance,
    NextcloudError,
    RateLimited,
    Unreachable,
)
from nextcloud_mcp_server.index.embed.http import HttpEmbedder, InfinityEmbedder, OllamaEmbedder, OpenAIEmbedder

Routes = Mapping[tuple[str, str], Callable[[web.Request], Awaitable[web.Response]]]
Serve = Callable[[Routes], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[TestServer] = []

    async def start(routes: Routes) -> str:
        app = web.Application()
        for (method, path), handler in routes.items():
            app.router.add_route(method, path, handler)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield start
    for server in servers:
        await server.close()


class Ollama:
    """As Ollama 0.5's API documentation has it."""

    def __init__(self, *models: str) -> None:
        self.models, self.asked = models, []
        self.asked: list[dict[str, Any]] = []

    @property
    def routes(self) -> Routes:
        return {("GET", "/api/tags"): self.tags, ("POST", "/api/show"): self.show, ("POST", "/api/embed"): self.embed}

    async def tags(self, _: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": name, "size": 1} for name in self.models]})

    async def show(self, _: web.Request) -> web.Response:
        info = {"general.architecture": "nomic-bert", "nomic-bert.context_length": 256, "nomic-bert.embedding_length": 3}
        return web.json_response({"model_info": info, "details": {}})

    async def embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        if len(body["input"]) > 16:
            return web.json_response({"error": "batch"}, status=500)
        if body["model"] not in [name.removesuffix(":latest") for name in self.models]:
            return web.json_response({"error": f'model "{body["model"]}" not found, try pulling it first'}, status=404)
        return web.json_response({"embeddings": [[3.0, 0.0, 4.0]] * len(body["input"])})


async def test_ollama_tells_dimension_and_limit_whatever_the_model_is_tagged(serve: Serve) -> None:
    for asked in ("nomic-embed-text", "nomic-embed-text:latest"):
        embedder = OllamaEmbedder(await serve(Ollama("other:7b", "nomic-embed-text:latest").routes), asked)
        model = await embedder.describe()
        assert (model.name, model.dimension) == ("ollama:nomic-embed-text", 3)
        assert 200 < model.limit < 256
        await embedder.close()


async def test_a_model_that_was_not_pulled_is_an_error_that_says_how_to_pull_it(serve: Serve) -> None:
    embedder = OllamaEmbedder(await serve(Ollama("llama3:latest").routes), "nomic-embed-text")
    with pytest.raises(InvalidValue) as caught:
        await embedder.describe()
    assert caught.value.hint == "Run `ollama pull nomic-embed-text` there."
    assert caught.value.candidates == ("llama3:latest",)
    with pytest.raises(InvalidValue, match="no model 'nomic-embed-text'"):
        await embedder.embed(["text"])
    await embedder.close()


async def test_texts_carry_the_prefixes_of_their_model_and_are_never_cut_silently(serve: Serve) -> None:
    ollama = Ollama("nomic-embed-text:latest")
    embedder = OllamaEmbedder(await serve(ollama.routes), "nomic-embed-text")
    assert await embedder.embed(["a", "b"]) == [[0.6, 0.0, 0.8]] * 2
    await embedder.embed(["q"], query=True)
    assert [body["input"] for body in ollama.asked] == [["search_document: a", "search_document: b"], ["search_query: q"]]
    assert all(body["truncate"] is False for body in ollama.asked)
    assert embedder.batch == 16
    await embedder.close()


@pytest.mark.parametrize(("kind", "path"), [(OpenAIEmbedder, "/v1/embeddings"), (InfinityEmbedder, "/embeddings")])
async def test_vectors_come_in_the_order_of_the_texts_and_with_length_one(kind: type[HttpEmbedder], path: str, serve: Serve) -> None:
    async def embeddings(request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer secret"
        body = await request.json()
        assert body["model"] == "m"
        data = [{"object": "embedding", "index": at, "embedding": [float(len(text)), 1.0]} for at, text in enumerate(body["input"])]
        return web.json_response({"object": "list", "data": data[::-1], "model": "m"})

    url = await serve({("POST", path): embeddings}) + path.removesuffix("/embeddings")
    embedder = kind(url, "m", api_key="secret")
    vectors = await embedder.embed(["x", "yyyy"])
    assert [round(vector[0] / vector[1]) for vector in vectors] == [1, 4]
    assert all(math.isclose(math.hypot(*vector), 1) for vector in vectors)
    assert (await embedder.describe()).dimension == 2
    await embedder.close()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, "{}", RateLimited),
        (503, "", Maintenance),
        (401, "{}", CredentialRefused),
        (404, '{"error": {"code": "model_not_found"}}', InvalidValue),
        (400, '{"error": {"message": "too long"}}', InvalidValue),
        (200, "<html>", BadAnswer),
        (200, '{"data": []}', BadAnswer),
    ],
)
async def test_every_failure_is_an_error_of_its_kind_without_the_key(
    status: int, body: str, kind: type[NextcloudError], serve: Serve
) -> None:
    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers={"retry-after": "7"})

    embedder = OpenAIEmbedder(await serve({("POST", "/embeddings"): fail}), "m", api_key="secret")
    with pytest.raises(kind) as caught:
        await embedder.embed(["x"])
    assert "secret" not in caught.value.explain()
    assert getattr(caught.value, "retry_after", None) in (None, 7)
    await embedder.close()


async def test_a_provider_that_is_not_there_is_unreachable() -> None:
    embedder = OpenAIEmbedder("http://127.0.0.1:9", "m")
    with pytest.raises(Unreachable, match="127"):
        await embedder.describe()
    await embedder.close()
