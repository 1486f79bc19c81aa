"""The contract suites run on the sandbox always, and on a real Nextcloud when `NEXTCLOUD_TEST_URL` is set.

They make their own data under names of their own and delete it, so they run beside other people's.
"""

import os
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from nextcloud_sandbox.server import Running, running
from tests.conftest import NOTES
from tests.support.assistant import Assistant, session

REAL = os.environ.get("NEXTCLOUD_TEST_URL")
PLACES = ["sandbox", "elsewhere", *(["real"] if REAL else [])]
"""`elsewhere` is a sandbox below a path that needs index.php, for an account whose login name is not its user id."""
if not REAL:
    NOTES.append("contract suites ran on the sandbox only: NEXTCLOUD_TEST_URL is not set")


@dataclass(frozen=True)
class Place:
    """A Nextcloud with two people; `sandbox` is None on a real one."""

    url: str
    alice: Assistant
    bob: Assistant
    sandbox: Running | None


@pytest.fixture(scope="session", params=PLACES)
async def place(request: pytest.FixtureRequest) -> AsyncGenerator[Place]:
    if request.param == "sandbox":
        async with running(seed=False) as sandbox:
            async for one in _place(sandbox.url, ("alice", "alice"), ("bob", "bob"), sandbox):
                yield one
    elif request.param == "elsewhere":
        async with running(prefix="/cloud", index_php=True, seed=False) as sandbox:
            sandbox.sandbox.add_user("dora-77c1", "dora", "Dora Example", email="dora@example.test", groups=("project",))
            async for one in _place(sandbox.url, ("dora@example.test", "dora"), ("bob", "bob"), sandbox):
                yield one
    else:
        environment = os.environ
        alice = (environment["NEXTCLOUD_TEST_USER"], environment["NEXTCLOUD_TEST_PASSWORD"])
        bob = (environment["NEXTCLOUD_TEST_USER2"], environment["NEXTCLOUD_TEST_PASSWORD2"])
        async for one in _place(environment["NEXTCLOUD_TEST_URL"], alice, bob, None):
            yield one


async def _place(url: str, alice: tuple[str, str], bob: tuple[str, str], sandbox: Running | None) -> AsyncGenerator[Place]:
    people = session(url, *alice), session(url, *bob)
    yield Place(url, Assistant(people[0]), Assistant(people[1]), sandbox)
    for person in people:
        await person.transport.aclose()


@pytest.fixture
def alice(place: Place) -> Assistant:
    return place.alice


@pytest.fixture
def bob(place: Place) -> Assistant:
    return place.bob


@pytest.fixture
def name() -> str:
    """A name that nobody else uses."""
    return f"mcp-test-{uuid.uuid4().hex[:12]}"
