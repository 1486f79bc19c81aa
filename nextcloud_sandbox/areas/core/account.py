"""The caller's own record."""

from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.model import User
from nextcloud_sandbox.routing import Routes

routes = Routes("core")
FIELDS = ("phone", "address", "website", "twitter", "bluesky", "fediverse", "organisation", "role", "headline", "biography")


@routes.ocs("GET", "/cloud/user")
async def own(call: Call) -> web.StreamResponse:
    return ocs.ok(call, record(call.sandbox, call.user, scopes=True))


def record(sandbox: Sandbox, user: User, *, scopes: bool) -> dict[str, Any]:
    """An account as OCS shows it. `scopes` adds who may see each field, which only the account itself is told."""
    used = sandbox.files(user.id).used_bytes()
    out: dict[str, Any] = {
        "enabled": user.enabled,
        "id": user.id,
        "firstLoginTimestamp": user.first_login,
        "lastLoginTimestamp": user.last_login,
        "lastLogin": user.last_login * 1000,
        "backend": "Database",
        "subadmin": [],
        "quota": {"free": -3, "used": used, "total": -3, "relative": 0, "quota": -3},
        "manager": user.profile.get("manager", ""),
        "avatarScope": "v2-federated",
        "email": user.email or None,
        "emailScope": "v2-federated",
        "additional_mail": [],
        "additional_mailScope": [],
        "displayname": user.display_name,
        "display-name": user.display_name,
        "displaynameScope": "v2-federated",
    }
    for name in FIELDS:
        out[name] = user.profile.get(name, "")
        out[f"{name}Scope"] = "v2-local"
    out |= {
        "profile_enabled": "1",
        "profile_enabledScope": "v2-local",
        "pronouns": user.profile.get("pronouns", ""),
        "pronounsScope": "v2-federated",
        "groups": sandbox.groups_of(user.id),
        "language": user.language,
        "locale": user.profile.get("locale", ""),
        "timezone": user.profile.get("timezone", ""),
        "notify_email": None,
        "backendCapabilities": {"setDisplayName": True, "setPassword": True},
    }
    return out if scopes else {key: value for key, value in out.items() if not key.endswith("Scope")}
