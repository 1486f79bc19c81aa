"""Settings of the modes with many people: who signs them in, and what is kept of it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, SecretStr

from nextcloud_mcp_server.settings.fields import CommaList, Lower, SecretList, Section, Url, setting


def _token_type(value: object) -> object:
    lowered = Lower(value)
    return "opaque" if lowered == "bearer" else lowered


class Identity(Section):
    """Who signs people in, and as whom the server may act."""

    provider: Annotated[Literal["own", "nextcloud", "external"], BeforeValidator(Lower)] | None = setting(
        "MCP_IDENTITY_PROVIDER", default=None, description="Who signs people in; unset: by mode and discovery address"
    )
    discovery_url: Url | None = setting("OIDC_DISCOVERY_URL", default=None, description="The provider's discovery document")
    keycloak_url: Url | None = setting("KEYCLOAK_URL", default=None, description="Older: the discovery address follows with KEYCLOAK_REALM")
    keycloak_realm: str | None = setting("KEYCLOAK_REALM", default=None, description="Older: realm of KEYCLOAK_URL")
    issuer: str | None = setting("OIDC_ISSUER", default=None, description="Issuer, where discovery tells a wrong one")
    public_issuer: Url | None = setting(
        "NEXTCLOUD_PUBLIC_ISSUER_URL", default=None, description="Issuer that tokens carry, where it differs"
    )
    jwks_uri: Url | None = setting("OIDC_JWKS_URI", "JWKS_URI", default=None, description="Keys of the provider, where discovery is wrong")
    introspection_uri: Url | None = setting("INTROSPECTION_URI", default=None, description="Introspection, where discovery lacks it")
    userinfo_uri: Url | None = setting("USERINFO_URI", default=None, description="Userinfo, where discovery lacks it")
    client_id: str | None = setting("OIDC_CLIENT_ID", default=None, description="This server's client at the provider")
    client_secret: SecretStr | None = setting("OIDC_CLIENT_SECRET", default=None, description="Its secret")
    older_client_id: str | None = setting(
        "NEXTCLOUD_OIDC_CLIENT_ID", "KEYCLOAK_CLIENT_ID", default=None, description="Older name of OIDC_CLIENT_ID"
    )
    older_client_secret: SecretStr | None = setting(
        "NEXTCLOUD_OIDC_CLIENT_SECRET", "KEYCLOAK_CLIENT_SECRET", default=None, description="Older name of OIDC_CLIENT_SECRET"
    )
    client_storage: Path = setting(
        "NEXTCLOUD_OIDC_CLIENT_STORAGE",
        default=Path(".nextcloud_oauth_client.json"),
        description="Registration file of an older installation, imported once",
    )
    token_type: Annotated[Literal["jwt", "opaque"], BeforeValidator(_token_type)] = setting(
        "NEXTCLOUD_OIDC_TOKEN_TYPE", default="opaque", description="Access tokens to ask for at registration (Bearer means opaque)"
    )
    scopes: str = setting("NEXTCLOUD_OIDC_SCOPES", default="", description="Scopes to ask for at registration; empty: those of the tools")
    user_claim: str = setting("NEXTCLOUD_OIDC_USER_CLAIM", default="sub", description="Claim that names the subject")
    resource: str = setting("NEXTCLOUD_RESOURCE_URI", default="nextcloud", description="Audience that Nextcloud's own tokens need")
    outbound: Annotated[Literal["auto", "exchange", "own", "forward"], BeforeValidator(Lower)] = setting(
        "MCP_OAUTH_OUTBOUND", default="auto", description="How a caller's token becomes one for Nextcloud"
    )
    impersonation: bool = setting("MCP_IMPERSONATION", default=False, description="Allow exchange with requested_subject in the background")
    scope_separator: Literal[":", "."] = setting("MCP_SCOPE_SEPARATOR", default=":", description="Between app and access in scope names")
    allowed_clients: CommaList = setting(
        "ALLOWED_MCP_CLIENTS", default=(), description="Static MCP clients: id, or id|redirect_uri, comma-separated"
    )
    management_clients: CommaList = setting("ALLOWED_MGMT_CLIENT", default=(), description="Clients whose tokens the management API takes")
    background: bool = setting(
        "ENABLE_BACKGROUND_OPERATIONS", "ENABLE_OFFLINE_ACCESS", default=False, description="Background work for people who consented"
    )


class Storage(Section):
    """What is kept, where, and under which keys."""

    encryption_keys: SecretList = setting(
        "TOKEN_ENCRYPTION_KEY", default=(), description="Fernet keys, comma-separated; the first encrypts"
    )
    file: Path | None = setting("TOKEN_STORAGE_DB", default=None, description="SQLite file; unset: in the user's data directory")
    database_url: SecretStr | None = setting("DATABASE_URL", default=None, description="PostgreSQL (or SQLite) address; wins over the file")
    audit_days: int = setting("MCP_AUDIT_RETENTION_DAYS", default=365, ge=1, description="Days that audit rows are kept")
