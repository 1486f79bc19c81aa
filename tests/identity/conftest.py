from collections.abc import Iterator

import pytest

from tests.providers.databases import database, database_address
from tests.providers.keycloak import keycloak
from tests.providers.node_provider import node_provider
from tests.providers.postgres import postgres_address, postgres_server
from tests.support.rates import no_new_window
from tests.support.whole_run import WholeRun, watching


@pytest.fixture(scope="package", autouse=True)
def whole_run() -> Iterator[WholeRun]:
    """No secret of these tests is in a log, a row, an error or an address."""
    with watching() as run:
        yield run


__all__ = ["database", "database_address", "keycloak", "no_new_window", "node_provider", "postgres_address", "postgres_server", "whole_run"]
