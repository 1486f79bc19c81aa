"""Real parts for the tests: PostgreSQL, Keycloak, a second OpenID provider."""
