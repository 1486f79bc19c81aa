"""What the sign-in tools answer: a public contract (names, fields, `status` values)."""

from typing import Literal

from pydantic import BaseModel

StartStatus = Literal["already_provisioned", "login_required", "pending", "declined", "cancelled", "unchanged", "error"]


class ProvisionAnswer(BaseModel):
    """`login_url` is a page of this server; scopes None means all."""

    success: bool
    status: StartStatus
    message: str
    login_url: str | None = None
    user_id: str | None = None
    requested_scopes: list[str] | None = None


class StatusAnswer(BaseModel):
    success: bool
    status: Literal["provisioned", "pending", "not_initiated", "error"]
    message: str
    user_id: str | None = None
    scopes: list[str] | None = None
    username: str | None = None


class UpdateAnswer(BaseModel):
    success: bool
    status: StartStatus
    message: str
    login_url: str | None = None
    previous_scopes: list[str] | None = None
    new_scopes: list[str] | None = None


class RevokeAnswer(BaseModel):
    success: bool
    message: str


class OlderStatusAnswer(BaseModel):
    """`check_provisioning_status`, as older clients know it; `provisioned_at` is RFC 3339 in UTC."""

    success: bool
    is_provisioned: bool
    provisioned_at: str | None = None
    credential_type: str | None = None
    client_id: str | None = None
    scopes: list[str] | None = None
    flow_type: str | None = None


class OlderProvisionAnswer(BaseModel):
    success: bool
    message: str
    provisioning_url: str | None = None
    already_provisioned: bool = False


class LoggedInAnswer(BaseModel):
    success: bool
    result: str
