"""Text services, spoken to over real HTTP as their documentation says."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from nextcloud_mcp_server.core.errors import BadAnswer, Maintenance, NextcloudError, Unreachable
from nextcloud_mcp_server.text import Engines, Readers, Remote, Unreadable

Handler = Callable[[web.Request], Awaitable[web.Response]]
Serve = Callable[[str, Handler], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[TestServer] = []

    async def start(path: str, handler: Handler) -> str:
        app = web.Application()
        app.router.add_post(path, handler)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield start
    for server in servers:
        await server.close()


async def pieces() -> AsyncIterator[bytes]:
    yield b"%PDF-1.4 bytes"


async def read(remote: Remote) -> tuple[str, str, tuple[int, ...]]:
    async with Readers(Engines(remotes=(remote,))) as readers:
        found = await readers.extract(pieces(), "application/pdf")
    return found.text, found.tier, found.pages


async def test_unstructured_gets_the_file_and_its_elements_become_text(serve: Serve) -> None:
    async def general(request: web.Request) -> web.Response:
        form = await request.post()
        file = form["files"]
        assert isinstance(file, web.FileField)
        assert (file.file.read(), file.content_type) == (b"%PDF-1.4 bytes", "application/pdf")
        assert (form["strategy"], form.getall("languages")) == ("hi_res", ["eng", "deu"])
        assert request.headers["unstructured-api-key"] == "k"
        element = {"metadata": {"page_number": 1}}
        return web.json_response(
            [
                element | {"type": "Title", "text": "Report"},
                {"type": "NarrativeText", "text": "Body", "metadata": {"page_number": 3}},
                {"type": "PageBreak"},
            ]
        )

    url = await serve("/general/v0/general", general)
    remote = Remote("unstructured", url, ("application/pdf",), api_key="k", options={"strategy": "hi_res", "languages": "eng,deu"})
    assert await read(remote) == ("# Report\n\nBody\n\n", "unstructured", (0, 10, 10))


async def test_docling_is_asked_for_markdown(serve: Serve) -> None:
    async def convert(request: web.Request) -> web.Response:
        assert (await request.post())["to_formats"] == "md"
        return web.json_response({"document": {"md_content": "# Title\n\ntext"}, "status": "success"})

    assert await read(Remote("docling", await serve("/v1/convert/file", convert), ("*/*",))) == ("# Title\n\ntext", "docling", ())


async def test_an_own_endpoint_may_answer_json_or_plain_text(serve: Serve) -> None:
    async def as_json(request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer k"
        return web.json_response({"text": "found"})

    async def as_text(_: web.Request) -> web.Response:
        return web.Response(text="plain")

    json_url, text_url = await serve("/x", as_json) + "/x", await serve("/y", as_text) + "/y"
    assert await read(Remote("custom", json_url, ("application/pdf",), name="mine", api_key="k")) == ("found", "mine", ())
    assert await read(Remote("custom", text_url, ("application/pdf",))) == ("plain", "custom", ())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(422, "{}", Unreadable), (503, "", Maintenance), (500, "", BadAnswer), (200, "<html>", BadAnswer), (200, "{}", BadAnswer)],
)
async def test_what_a_service_answers_instead_becomes_an_error_of_its_kind(
    status: int, body: str, kind: type[NextcloudError], serve: Serve
) -> None:
    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type="application/json")

    url = await serve("/v1/convert/file", fail)
    with pytest.raises(kind):
        await read(Remote("docling", url, ("application/pdf",)))


async def test_a_service_that_is_not_there_is_named() -> None:
    with pytest.raises(Unreachable, match="docling at http"):
        await read(Remote("docling", "http://127.0.0.1:9", ("application/pdf",)))
