from tests.providers.databases import database_address
from tests.providers.postgres import postgres_address, postgres_server

__all__ = ["database_address", "postgres_address", "postgres_server"]
