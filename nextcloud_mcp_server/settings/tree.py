"""The settings, section by section. `docs/reference/settings.md` is generated from here."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, SecretStr

from nextcloud_mcp_server.settings.fields import CommaList, Lower, Section, Url, data_directory, setting
from nextcloud_mcp_server.settings.identity import Identity, Storage
from nextcloud_mcp_server.settings.search import Documents, Search, Sync


class Mode(StrEnum):
    """How callers are known and as whom the server acts (`docs/explanation/modes.md`)."""

    SINGLE_USER = "single_user"
    BASIC = "basic"
    LOGIN_FLOW = "login_flow"
    OAUTH = "oauth"


class Nextcloud(Section):
    """The Nextcloud that the server talks to."""

    host: Url = setting("NEXTCLOUD_HOST", description="Address of Nextcloud, with its subpath if it has one")
    username: str | None = setting("NEXTCLOUD_USERNAME", default=None, description="Login name of the one account (single-user mode)")
    password: SecretStr | None = setting("NEXTCLOUD_PASSWORD", default=None, description="App password of that account")
    verify_ssl: bool = setting("NEXTCLOUD_VERIFY_SSL", default=True, description="Check Nextcloud's certificate")
    ca_bundle: Path | None = setting("NEXTCLOUD_CA_BUNDLE", default=None, description="File with the authority of a private certificate")
    public_url: Url | None = setting("NEXTCLOUD_PUBLIC_URL", default=None, description="Address of Nextcloud for a person's browser")
    max_concurrency: int = setting("NEXTCLOUD_MAX_CONCURRENCY", default=8, ge=1, le=256, description="Requests at once per person")
    timeout: float = setting("NEXTCLOUD_TIMEOUT", default=60.0, gt=0, description="Seconds without a byte before a request is given up")


class Server(Section):
    """This server: where it listens and who may reach it."""

    public_url: Url | None = setting("NEXTCLOUD_MCP_SERVER_URL", default=None, description="Public address of this server")
    bearer_token: SecretStr | None = setting(
        "MCP_BEARER_TOKEN", default=None, min_length=16, description="Static token that single-user HTTP asks for"
    )
    allowed_hosts: CommaList = setting("MCP_ALLOWED_HOSTS", default=(), description="Further host names that requests may name")
    allowed_origins: CommaList = setting("MCP_ALLOWED_ORIGINS", default=(), description="Origins of web pages that may call")
    cors_origins: CommaList = setting("CORS_ALLOW_ORIGINS", default=(), description="Origins that get CORS headers; none by default")
    forwarded_allow_ips: str | None = setting("FORWARDED_ALLOW_IPS", default=None, description="Proxies whose headers are believed")
    data_dir: Path = setting(
        "MCP_DATA_DIR", default_factory=data_directory, description="Folder for what is kept; unset: the user's data folder, or /app/data"
    )
    log_level: Annotated[Literal["critical", "error", "warning", "info", "debug", "trace"], BeforeValidator(Lower)] = setting(
        "LOG_LEVEL", default="info", description="Least severe level that is logged"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(Lower)] = setting(
        "LOG_FORMAT", default="text", description="Form of log lines, on standard error"
    )


class Surface(Section):
    """What an assistant sees."""

    toolsets: CommaList = setting("MCP_TOOLSETS", default=(), description="Apps whose tools are listed; `all` for every one")
    read_only: bool = setting("MCP_READ_ONLY", default=False, description="List and allow only tools that read")
    permissions: Annotated[Literal["read", "write", "destructive"], BeforeValidator(Lower)] = setting(
        "MCP_PERMISSIONS", default="destructive", description="Upper bound of what tools may do"
    )
    output_schemas: bool = setting("MCP_OUTPUT_SCHEMAS", default=False, description="Describe answers in the tool list too")
    excluded_tags: CommaList = setting("EXCLUDED_TAGS", default=(), description="System tags whose files do not exist for the tools")
    write_max_mb: float = setting("WEBDAV_WRITE_MAX_MB", default=50.0, ge=0, description="Largest file a tool writes (0: no limit)")
    progress_interval: float = setting("PROGRESS_INTERVAL", default=10.0, gt=0, description="Seconds between progress notices")


class Settings(Section):
    """Everything. Made by `read`."""

    nextcloud: Nextcloud
    server: Server
    surface: Surface
    identity: Identity
    storage: Storage
    sync: Sync
    search: Search
    documents: Documents
    mode: Mode
    cautions: tuple[str, ...] = ()
    """What an administrator should know of these settings although they fit."""
