from tests.providers.databases import database, database_address
from tests.providers.keycloak import keycloak
from tests.providers.node_provider import node_provider
from tests.providers.postgres import postgres_address, postgres_server

__all__ = ["database", "database_address", "keycloak", "node_provider", "postgres_address", "postgres_server"]
