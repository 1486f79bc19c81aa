"""Clients that name the https address of a document about themselves, at this server's own authorization server."""

import ssl
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import httpx2
import pytest
from anyio.to_thread import run_sync

from nextcloud_mcp_server.auth.server.metadata_documents import MetadataDocuments
from nextcloud_sandbox.server import Running
from tests.e2e.desks import python_desk
from tests.e2e.leaks import Watch
from tests.e2e.modes import CALLBACK, Home, Refused, at_nextcloud
from tests.e2e.test_modes_matrix import CREATE, DESKS, SEARCH, asked_for, titles
from tests.identity.management_world import LOGIN_FLOW, World, world
from tests.providers.documents import certificate, document
from tests.providers.person import Person, Pkce, authorization


@pytest.fixture
async def anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """The server in this process, for which this machine counts as a public address; all else is as it is."""
    from aiohttp.resolver import ThreadedResolver

    trusted = ssl.create_default_context(cafile=str(certificate()))
    made = partial(MetadataDocuments, resolver=ThreadedResolver(), verify=trusted)
    monkeypatch.setattr("nextcloud_mcp_server.auth.facade.MetadataDocuments", made)
    async with world(tmp_path, MCP_TOOLSETS="notes", **LOGIN_FLOW) as here:
        yield here


async def note(here: World, user: str, title: str) -> None:
    body, place = {"title": title, "content": "x", "category": ""}, f"{here.nextcloud.url}/index.php/apps/notes/api/v1/notes"
    (await here.http.post(place, json=body, auth=(user, user))).raise_for_status()


@pytest.mark.parametrize("sdk", DESKS)
async def test_two_people_sign_in_with_a_client_that_only_describes_itself(anywhere: World, sdk: str, watch: Watch) -> None:
    mcp = f"{anywhere.url}/mcp"
    with document(client_name="Desk", redirect_uris=[CALLBACK]) as address:
        for user in ("alice", "bob"):
            await note(anywhere, user, f"Note of {user}")
            async with DESKS[sdk](mcp, at_nextcloud(anywhere.nextcloud, user, watch=watch), watch, address) as desk:
                await desk.connect()
                assert asked_for(desk.opened[0])["client_id"] == address
                assert {SEARCH, CREATE} <= await desk.names()
                assert await titles(desk, "Note of") == [f"Note of {user}"]
                await desk.expire()
                assert await titles(desk, "Note of") == [f"Note of {user}"]
                assert len(desk.opened) == 1
    assert await anywhere.management.kept.database.all("select * from oauth_client") == [], "nothing was registered"


async def test_the_page_names_the_client_and_the_host_of_its_document(anywhere: World) -> None:
    with document(client_name="Desk", redirect_uris=[CALLBACK]) as address:
        asked = authorization(f"{anywhere.url}/oauth/authorize", Pkce(), client_id=address, redirect_uri=CALLBACK)
        page = await run_sync(Person("alice").open, asked)
    assert page.status_code == 200
    assert "Desk" in page.text
    assert "localhost" in page.text


async def test_an_address_that_the_document_does_not_name_gets_no_answer(anywhere: World) -> None:
    with document(client_name="Desk", redirect_uris=[CALLBACK]) as address:
        asked = authorization(f"{anywhere.url}/oauth/authorize", Pkce(), client_id=address, redirect_uri=f"{CALLBACK}/elsewhere")
        page = await run_sync(Person("alice").open, asked)
    assert (page.status_code, page.headers.get("location")) == (400, None)


async def test_a_document_on_an_inner_address_is_refused_and_the_person_is_told_why(tmp_path: Path, sandbox: Running, watch: Watch) -> None:
    """The server trusts the certificate; that its host is this machine is what speaks against the document."""
    more = {"ENABLE_LOGIN_FLOW": "true", "MCP_TOOLSETS": "notes", "SSL_CERT_FILE": str(certificate())}
    home, told = Home(tmp_path, watch, sandbox.url, more), list[httpx2.Response]()

    async def look(authorize: str) -> dict[str, str]:
        told.append(await run_sync(Person("alice").open, authorize))
        return {"error": "told"}

    with document(client_name="Desk", redirect_uris=[CALLBACK]) as address:
        async with home.running(), python_desk(home.mcp, look, watch, address) as desk:
            with pytest.raises(ExceptionGroup) as stopped:
                await desk.connect()
            assert stopped.group_contains(Refused, match="told")
    (page,) = told
    assert (page.status_code, page.headers.get("location")) == (400, None)
    assert "cannot be fetched: its host has to be public" in page.text


async def test_in_a_closed_network_such_a_client_is_allowed_by_its_name(tmp_path: Path, sandbox: Running, watch: Watch) -> None:
    """Then nothing is fetched: the document's host is not even there."""
    with document(client_name="Desk", redirect_uris=[CALLBACK]) as address:
        pass
    more = {"ENABLE_LOGIN_FLOW": "true", "MCP_TOOLSETS": "notes", "ALLOWED_MCP_CLIENTS": f"{address}|{CALLBACK}"}
    home = Home(tmp_path, watch, sandbox.url, more)
    async with home.running(), python_desk(home.mcp, at_nextcloud(sandbox, "alice", watch=watch), watch, address) as desk:
        assert {SEARCH, CREATE} <= await desk.names()
    assert asked_for(desk.opened[0])["client_id"] == address
