"""What the server is and has: status, scopes, apps."""

import time

from starlette.requests import Request

from nextcloud_mcp_server.auth.scopes import OIDC
from nextcloud_mcp_server.core.errors import Delayed
from nextcloud_mcp_server.web.management.calls import Api, Refusal
from nextcloud_mcp_server.web.management.operations import Operation
from nextcloud_mcp_server.web.management.shapes import Apps, Oidc, Scopes, Status

SEARCH_TYPES = ["semantic", "bm25", "hybrid"]


async def status(api: Api, http: Request) -> Status:
    """Anybody may ask; whoever shows a credential has to prove it, and is told the exact version."""
    has, known = api.features, "authorization" in http.headers
    if known:
        await api.caller(http)
    return Status(
        version=has.version if known else ".".join(has.version.split(".")[:2]),
        auth_mode=has.auth_mode,
        vector_sync_enabled=has.vector_sync,
        webhooks_enabled=has.webhooks,
        supported_search_types=SEARCH_TYPES if has.vector_sync else [],
        rerank_available=has.rerank,
        uptime_seconds=int(time.monotonic() - api.started),
        supports_app_passwords=True if has.auth_mode == "multi_user_basic" else None,
        oidc=_oidc(api),
    )


def _oidc(api: Api) -> Oidc | None:
    try:
        found = api.mode.discovery()
    except Delayed:
        return None
    return Oidc(discovery_url=found[0], issuer=found[1]) if found else None


async def scopes(api: Api, _: Request) -> Scopes:
    return Scopes(scopes=sorted(api.scopes() - OIDC))


async def apps(api: Api, http: Request) -> Apps:
    """The apps that this person's Nextcloud has, as its capabilities name them."""
    caller, user = await api.user(http)
    session = await api.mode.session(caller, user)
    if session is None:
        raise Refusal(428, "not_provisioned", "This server has no access to your Nextcloud yet: give it access first.")
    found = (await session.capabilities()).get("capabilities")
    return Apps(apps=sorted(found) if isinstance(found, dict) else [])  # type: ignore[reportUnknownArgumentType]


OPERATIONS = [
    Operation("GET", "/status", "What this server is", status, Status, "optional"),
    Operation("GET", "/scopes", "The scopes that exist", scopes, Scopes, "none"),
    Operation("GET", "/apps", "The apps of the caller's Nextcloud", apps, Apps, refusals=(403, 428, 502)),
]
