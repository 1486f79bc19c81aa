"""One call of the management API: who is calling, what they sent, and how it is refused."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from nextcloud_mcp_server.auth.inbound.basic import parse
from nextcloud_mcp_server.auth.inbound.challenges import BASIC
from nextcloud_mcp_server.auth.inbound.token_cache import digest
from nextcloud_mcp_server.auth.management import Management
from nextcloud_mcp_server.auth.scopes import OIDC, canonical
from nextcloud_mcp_server.auth.sides import Sides
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.nextcloud.credentials import basic

M = TypeVar("M", bound=BaseModel)
MAX_BODY = 64 * 1024
HOUR = 3600
TRIES, TRIES_EVERYWHERE = 5, 50
_PASSWORD = re.compile(r"[A-Za-z0-9-]{20,256}")


class Refusal(Exception):
    """An answer other than success: `error` is a word for programs, `message` for people."""

    def __init__(self, status: int, error: str, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"error": error, "message": message, **more}


@dataclass(frozen=True)
class Features:
    """What this server has, for the status. `auth_mode` is in the words of the older API."""

    version: str
    auth_mode: str
    vector_sync: bool = False
    webhooks: bool = False
    rerank: bool = False


@dataclass(frozen=True)
class Api:
    """What operations share. `scopes` gives those that exist."""

    sides: Sides
    features: Features
    scopes: Callable[[], frozenset[str]]
    started: float = field(default_factory=time.monotonic)

    @property
    def mode(self) -> Management:
        """Raises Unreachable while the mode cannot serve."""
        found = self.sides.now().management
        if found is None:
            raise Refusal(404, "not_found", "This server's mode has no management API.")
        return found

    async def caller(self, http: Request) -> Caller:
        """Who is calling. Raises Unauthorized."""
        return await self.mode.inbound.identify(dict(http.headers))

    async def user(self, http: Request) -> tuple[Caller, str]:
        """The caller and their Nextcloud user id."""
        caller = await self.caller(http)
        user = await self.mode.user_of(caller)
        if user is None:
            raise Refusal(428, "not_provisioned", "This server does not know your Nextcloud account yet: give it access first.")
        return caller, user

    async def themselves(self, http: Request) -> tuple[Caller, str]:
        """The caller, who has to be the person in the path."""
        caller, user = await self.user(http)
        if user != http.path_params["user"]:
            raise Refusal(403, "forbidden", "The token belongs to another person than the one in the path.")
        return caller, user

    async def proven(self, http: Request, login: str | None = None, *, every: bool = False) -> tuple[str, str, str]:
        """The user id, login name and app password of Basic credentials that Nextcloud accepts for the person in the path.

        Five failures an hour from one address for one person, or five tries at all where `every` is set.
        """
        pair, user = parse(http.headers.get("authorization", "")), http.path_params["user"]
        if pair is None:
            raise Refusal(401, "unauthorized", "Show your login name and an app password.", {"WWW-Authenticate": BASIC})
        if not _PASSWORD.fullmatch(pair[1]):
            raise Refusal(400, "invalid_app_password", "That is not an app password (20 to 256 letters, digits and hyphens).")
        name, password = login or pair[0], pair[1]
        keys = await self._count(http, user)
        try:
            found = await self.mode.proven(basic(name, password))
        except NextcloudError:
            await self._forgive(keys)
            raise
        if found is None:
            raise Refusal(401, "unauthorized", "Nextcloud does not accept this app password.", {"WWW-Authenticate": BASIC})
        if found != user:
            raise Refusal(403, "forbidden", "The app password belongs to another person than the one in the path.")
        await self._forgive(keys[1:] if every else keys)
        return user, name, password

    async def _count(self, http: Request, user: str) -> tuple[str, ...]:
        rates, host = self.mode.kept.rates, http.client.host if http.client else ""
        # One person's tries from one address, and from everywhere; the keys tell neither.
        keys = (f"app-password:{digest(f'{host} {user}')}", f"app-password:{digest(user)}")
        for key, limit in zip(keys, (TRIES, TRIES_EVERYWHERE), strict=True):
            if not await rates.allow(key, limit, HOUR):
                raise Refusal(429, "too_many_requests", "Too many tries; come back in an hour.", {"Retry-After": str(HOUR)})
        return keys

    async def _forgive(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            await self.mode.kept.rates.forgive(key, HOUR)

    def wanted(self, names: list[str]) -> frozenset[str]:
        """Scopes that somebody named; unknown ones are refused with the list of those that exist."""
        valid, wanted = self.scopes() - OIDC, frozenset(map(canonical, names)) - OIDC
        if not wanted or wanted - valid:
            problem = "There is no such scope." if wanted else "Name at least one app scope."
            raise Refusal(400, "invalid_scope", problem, valid_scopes=sorted(valid))
        return wanted

    def shown(self, scopes: frozenset[str] | None) -> list[str]:
        """What access covers, spelled out also where it is not limited."""
        return sorted(self.scopes() - OIDC if scopes is None else scopes - OIDC)


async def body_of(http: Request, kind: type[M]) -> M:
    """The JSON body; none at all counts as an empty object. Raises Refusal, without repeating what was sent."""
    pieces = b""
    async for piece in http.stream():
        pieces += piece
        if len(pieces) > MAX_BODY:
            raise Refusal(413, "too_large", "The body is larger than 64 KiB.")
    try:
        return kind.model_validate(orjson.loads(pieces) if pieces.strip() else {}, strict=True)
    except orjson.JSONDecodeError:
        raise Refusal(400, "invalid_request", "The body is not JSON.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Refusal(400, "invalid_request", f"{place}: {first['msg']}.") from None
