"""A folder of its own for each test, with a name that is hard on addresses."""

from collections.abc import AsyncGenerator
from typing import Any, Protocol

import pytest

from nextcloud_mcp_server.nextcloud.answers import Answer
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.session import Policy, Session, path_of
from tests.support.assistant import Assistant, ToolFailed

TAG = "mcp-test-hiding"
"""Only administrators delete tags: the tests share one."""


class Answers(Protocol):
    """A request of somebody else, past the tools."""

    async def __call__(self, method: str, path: str, **more: Any) -> Answer: ...


@pytest.fixture
async def folder(alice: Assistant, name: str) -> AsyncGenerator[str]:
    path = f"{name} &#?%25+ü空"
    await alice.call("nc_webdav_create_directory", path=path)
    yield path
    await patiently(alice, "locked", "nc_webdav_delete_resource", path=path)


@pytest.fixture
def raw(alice: Assistant) -> Answers:
    """Somebody else at work on alice's files."""

    async def request(method: str, path: str, **more: Any) -> Answer:
        address = f"/remote.php/dav/files/{await alice.session.uid()}/{path_of(path)}"
        return await alice.session.request(method, address, what="it", **more)

    return request


def again(person: Assistant, *hidden: str) -> Assistant:
    """The same person on another server process, perhaps one whose administrator hides files by tag."""
    policy = Policy(excluded_tags=frozenset(hidden))
    return Assistant(Session(person.session.transport, person.session.credential, Cache(), policy=policy))


async def tag(person: Assistant, path: str, *tags: str) -> list[str]:
    """Adds tags; a Nextcloud on SQLite answers 500 while its database is busy, and adding a tag again is harmless."""
    return (await patiently(person, "status 500", "nc_webdav_tag_file", path=path, add=list(tags)))["tags"]


async def patiently(person: Assistant, passing: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """Calls again while the error has these words: a download that was broken off locks its file until Nextcloud notices."""
    for attempt in range(30):
        try:
            return await person.call(tool, **arguments)
        except ToolFailed as failed:
            if passing not in str(failed) or attempt == 29:
                raise
    raise AssertionError("unreachable")
