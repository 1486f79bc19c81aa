"""Share tools meet answers that are not as the API describes them."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiohttp import web

from nextcloud_sandbox.server import Running, running
from tests.support.assistant import Assistant, session

API = "/ocs/v2.php/apps/files_sharing/"


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


@pytest.fixture
async def alice(box: Running) -> AsyncGenerator[Assistant]:
    person = session(box.url, "alice", "alice")
    yield Assistant(person)
    await person.transport.aclose()


def say(box: Running, data: Any, status: int = 200) -> None:
    """Every call of the Share API is answered with `data` in an envelope, or as it is where it is text."""
    body = (
        data
        if isinstance(data, str)
        else json.dumps({"ocs": {"meta": {"status": "ok", "statuscode": status, "message": "No"}, "data": data}})
    )

    async def answer(_request: web.Request, path: str) -> web.StreamResponse | None:
        return web.Response(status=status, text=body, content_type="application/json") if path.startswith(API) else None

    box.sandbox.faults.append(answer)


@pytest.mark.parametrize("data", [[], None, [None], ["text"], [[1]], "", "<html>", "{", "{}"])
async def test_an_odd_answer_about_one_share_is_a_clear_error(box: Running, alice: Assistant, data: Any) -> None:
    say(box, data)
    assert "hare 7" in await alice.error("nc_share_get", share_id=7)


@pytest.mark.parametrize("data", [None, [], {}])
async def test_no_shares_in_any_form_are_an_empty_list(box: Running, alice: Assistant, data: Any) -> None:
    say(box, data)
    assert json.loads((await alice.call("nc_share_list"))["result"]) == []


async def test_a_list_that_came_as_a_map_is_a_list(box: Running, alice: Assistant) -> None:
    say(box, {"3": {"id": 7, "share_type": 0, "permissions": 1, "path": "/a"}})
    assert json.loads((await alice.call("nc_share_list"))["result"]) == [{"id": "7", "share_type": 0, "permissions": 1, "path": "/a"}]


@pytest.mark.parametrize("data", [{}, {"id": "x", "url": "https://x.test/s/a"}, {"id": "7"}])
async def test_a_link_without_an_address_is_not_called_made(box: Running, alice: Assistant, data: Any) -> None:
    say(box, data)
    assert "nc_share_list shows whether it was made" in await alice.error("nc_share_create_public_link", path="/a")


async def test_a_refusal_without_words_still_names_what_it_is_about(box: Running, alice: Assistant) -> None:
    say(box, "nothing here", 404)
    assert "'/a': not found" in await alice.error("nc_share_create", path="/a", share_type=3)
