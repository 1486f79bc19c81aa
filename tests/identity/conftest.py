from tests.providers.databases import database, database_address
from tests.providers.keycloak import keycloak
from tests.providers.postgres import postgres_address, postgres_server

__all__ = ["database", "database_address", "keycloak", "postgres_address", "postgres_server"]
