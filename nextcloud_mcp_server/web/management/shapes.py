"""Bodies and answers, as the Nextcloud side knows them. Times are RFC 3339 in UTC."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Refused(BaseModel):
    """Every answer of 400 and above; some carry more."""

    model_config = ConfigDict(extra="allow")

    error: str
    message: str


class Oidc(BaseModel):
    discovery_url: str
    issuer: str


class Status(BaseModel):
    """`version` is exact only for callers who prove who they are."""

    version: str
    auth_mode: str
    vector_sync_enabled: bool
    webhooks_enabled: bool
    supported_search_types: list[str]
    rerank_available: bool
    uptime_seconds: int
    management_api_version: str = "1.0"
    supports_app_passwords: bool | None = None
    oidc: Oidc | None = None


class Scopes(BaseModel):
    scopes: list[str]


class Apps(BaseModel):
    apps: list[str]


class Details(BaseModel):
    granted_at: str | None = None
    scopes: list[str]


class BrowserSession(BaseModel):
    session_id: str
    background_access_granted: bool
    background_access_details: Details | None = None
    idp_profile: dict[str, Any] | None = None


class Done(BaseModel):
    success: bool
    message: str


class Stored(Done):
    scopes: list[str]


class HasPassword(BaseModel):
    success: bool
    user_id: str
    has_app_password: bool


class AccessStatus(BaseModel):
    success: bool
    user_id: str
    provisioned: bool
    scopes: list[str]
    username: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Limited(BaseModel):
    success: bool
    user_id: str
    scopes: list[str]
    message: str


class AppPassword(BaseModel):
    """`username` is the login name, where it is not the one in the Authorization header; no scopes: everything."""

    scopes: list[str] | None = Field(None, max_length=200)
    username: str | None = Field(None, min_length=1, max_length=255)


class WantedScopes(BaseModel):
    scopes: list[str] = Field(min_length=1, max_length=200)
