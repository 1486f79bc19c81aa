"""The text service of the configuration reads files for the tool and for the index alike."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from mcp import Client

from nextcloud_sandbox.server import Running, running
from tests.e2e.conftest import server
from tests.e2e.modes import called
from tests.e2e.searching import command, search_on
from tests.unit.text.conftest import pdf


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        one.sandbox.files("alice").write("/Scans/letter.pdf", pdf([""]), parents=True)
        one.sandbox.files("alice").write("/Scans/novel.epub", b"PK a book", parents=True)
        yield one


@pytest.fixture
async def service() -> AsyncGenerator[TestServer]:
    """A service that says what type it was given."""

    async def read(request: web.Request) -> web.Response:
        file: Any = (await request.post())["file"]
        return web.json_response({"text": f"The service read walrus in {file.content_type}."})

    app = web.Application()
    app.router.add_post("/read", read)
    served = TestServer(app)
    await served.start_server()
    yield served
    await served.close()


async def test_a_file_reads_by_the_configured_service_and_is_found_by_what_it_said(
    box: Running, service: TestServer, tmp_path: Path
) -> None:
    env = search_on(
        box,
        tmp_path,
        ENABLE_CUSTOM_PROCESSOR="true",
        CUSTOM_PROCESSOR_URL=str(service.make_url("/read")),
        CUSTOM_PROCESSOR_NAME="archive",
        CUSTOM_PROCESSOR_TYPES="application/pdf,application/epub+zip",
    )
    async with server(env) as served, Client(f"{served.url}/mcp") as client:
        for name, kind in (("letter.pdf", "application/pdf"), ("novel.epub", "application/epub+zip")):
            read = await called(client, "nc_webdav_read_file", path=f"/Scans/{name}")
            assert (read["content"], read["parse_processor"], read["parse_status"]) == (
                f"The service read walrus in {kind}.", "archive", "parsed",
            )  # fmt: skip
        assert (await command(env, "index", "--once")).code == 0
        found = await called(client, "nc_semantic_search", query="walrus")
        assert {hit["title"] for hit in found["results"]} == {"letter.pdf", "novel.epub"}
        await service.close()
        read = await called(client, "nc_webdav_read_file", path="/Scans/letter.pdf")
        assert (read["parse_status"], read["encoding"]) == ("failed", "base64")
        assert "archive" in read["parse_notes"][0]
