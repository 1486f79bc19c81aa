"""A sandbox in this process with its accounts and nothing else."""

from collections.abc import AsyncGenerator

import pytest

from nextcloud_sandbox.server import Running, running
from tests.sandbox.person import Person


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


@pytest.fixture
async def alice(box: Running) -> AsyncGenerator[Person]:
    async with Person(box.url) as person:
        yield person


@pytest.fixture
def bob(alice: Person) -> Person:
    return alice.as_("bob")


@pytest.fixture
def admin(alice: Person) -> Person:
    return alice.as_("admin")
