"""What a person gave this server: see it, give it by an app password, limit it, take it back."""

from datetime import UTC, datetime

from starlette.requests import Request

from nextcloud_mcp_server.web.management.calls import Api, Refusal, body_of
from nextcloud_mcp_server.web.management.operations import Operation
from nextcloud_mcp_server.web.management.shapes import (
    AccessStatus,
    AppPassword,
    BrowserSession,
    Details,
    Done,
    HasPassword,
    Limited,
    Stored,
    WantedScopes,
)


async def session(api: Api, http: Request) -> BrowserSession:
    _, user = await api.themselves(http)
    given = await api.mode.given(user)
    details = Details(granted_at=_time(given.at) if given.at is not None else None, scopes=api.shown(given.scopes)) if given else None
    return BrowserSession(session_id=user, background_access_granted=given is not None, background_access_details=details)


async def revoke(api: Api, http: Request) -> Done:
    caller, user = await api.themselves(http)
    return Done(success=True, message=await api.mode.revoke(caller, user))


async def store(api: Api, http: Request) -> Stored:
    """Keeps the very app password that the request is authenticated by."""
    body = await body_of(http, AppPassword)
    scopes = None if body.scopes is None else api.wanted(body.scopes)
    if not api.mode.passwords:
        raise Refusal(409, "not_supported", "In this server's mode access is granted by signing in, not by app passwords.")
    user, login, password = await api.proven(http, body.username, every=True)
    await api.mode.keep(user, login, password, scopes)
    return Stored(success=True, message="The app password is stored; work in the background begins.", scopes=api.shown(scopes))


async def has_password(api: Api, http: Request) -> HasPassword:
    user, _, _ = await api.proven(http)
    return HasPassword(success=True, user_id=user, has_app_password=await api.mode.kept.store.get(user) is not None)


async def forget(api: Api, http: Request) -> Done:
    user, _, _ = await api.proven(http)
    removed = await api.mode.kept.store.remove(user, "api")
    told = "The app password is deleted here; remove it at Nextcloud under Settings, Security." if removed else "There was none."
    return Done(success=True, message=told)


async def access(api: Api, http: Request) -> AccessStatus:
    user, _, _ = await api.proven(http)
    found = await api.mode.kept.store.get(user)
    if found is None:
        return AccessStatus(success=True, user_id=user, provisioned=False, scopes=[])
    return AccessStatus(
        success=True,
        user_id=user,
        provisioned=True,
        scopes=api.shown(found.scopes),
        username=found.login_name,
        created_at=_time(found.created_at),
        updated_at=_time(found.updated_at),
    )


async def limit(api: Api, http: Request) -> Limited:
    user, _, _ = await api.proven(http)
    wanted = api.wanted((await body_of(http, WantedScopes)).scopes)
    if not await api.mode.kept.store.limit(user, wanted):
        raise Refusal(404, "not_provisioned", "This server has no access to this person's Nextcloud.")
    return Limited(success=True, user_id=user, scopes=sorted(wanted), message="The access covers exactly these scopes now.")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


_BASIC = (400, 403, 429, 502)
OPERATIONS = [
    Operation("GET", "/users/{user}/session", "What the caller allowed", session, BrowserSession, refusals=(403, 428, 502)),
    Operation("POST", "/users/{user}/revoke", "Take every access back", revoke, Done, refusals=(403, 428, 502)),
    Operation(
        "POST", "/users/{user}/app-password", "Allow work in the background", store, Stored, "basic", AppPassword, (*_BASIC, 409, 413)
    ),
    Operation("GET", "/users/{user}/app-password", "Whether there is an app password", has_password, HasPassword, "basic", None, _BASIC),
    Operation("DELETE", "/users/{user}/app-password", "Delete the app password here", forget, Done, "basic", None, _BASIC),
    Operation("GET", "/users/{user}/access", "What the access covers", access, AccessStatus, "basic", None, _BASIC),
    Operation("PATCH", "/users/{user}/scopes", "Limit the access", limit, Limited, "basic", WantedScopes, (*_BASIC, 404, 413)),
]
