"""Flows in progress: what a person was asked to grant, and the way to hear whether they did."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nextcloud_mcp_server.auth.inbound.token_cache import user_key
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.nextcloud.login_flow import LIFETIME, Flow, Granted
from nextcloud_mcp_server.storage.database import Queries
from nextcloud_mcp_server.storage.vault import Vault

KIND = "pending-flow"
# Kept a while after its end, so that the person can be told that it ended.
REMEMBERED = 3600.0


@dataclass(frozen=True)
class PendingFlow:
    """One flow of one caller. `granted` is set between Nextcloud's answer and its being stored for good."""

    id: str
    issuer: str
    subject: str
    token: str = field(repr=False)
    login_url: str = field(repr=False)
    scopes: frozenset[str] | None
    deadline: float
    granted: Granted | None = None


class Flows:
    """One flow a caller; a new one replaces the old. `clock` gives epoch seconds."""

    def __init__(self, vault: Vault, *, clock: Callable[[], float] = time.time) -> None:
        self._vault = vault
        self._clock = clock

    async def begin(self, caller: Caller, flow: Flow, scopes: frozenset[str] | None) -> PendingFlow:
        id = f"{user_key(*caller.key)}.{secrets.token_urlsafe(24)}"
        begun = PendingFlow(id, *caller.key, flow.token, flow.login_url, scopes, self._clock() + LIFETIME)
        await self.keep(begun)
        return begun

    async def of(self, caller: Caller) -> PendingFlow | None:
        """The caller's flow, one that is over included: see `over`."""
        secret = await self._vault.find(KIND, user_key(*caller.key))
        return _restored(secret.value) if secret else None

    async def by_id(self, id: str) -> PendingFlow | None:
        """The flow that a page was opened for, unless it is over or replaced."""
        secret = await self._vault.find(KIND, id.partition(".")[0])
        flow = _restored(secret.value) if secret else None
        return flow if flow and secrets.compare_digest(flow.id.encode(), id.encode()) and not self.over(flow) else None

    def over(self, flow: PendingFlow) -> bool:
        return self._clock() >= flow.deadline

    async def granted(self, flow: PendingFlow, granted: Granted) -> PendingFlow:
        """Nextcloud gives a password once: it is kept before anything else can fail."""
        changed = replace(flow, granted=granted)
        await self.keep(changed)
        return changed

    async def keep(self, flow: PendingFlow) -> None:
        value = {
            "id": flow.id,
            "issuer": flow.issuer,
            "subject": flow.subject,
            "token": flow.token,
            "login_url": flow.login_url,
            "scopes": None if flow.scopes is None else sorted(flow.scopes),
            "deadline": flow.deadline,
            "granted": [flow.granted.login_name, flow.granted.password] if flow.granted else None,
        }
        key = user_key(flow.issuer, flow.subject)
        await self._vault.put(KIND, key, value, user=flow.subject, expires_at=flow.deadline + REMEMBERED)

    async def remove(self, caller: Caller, on: Queries | None = None) -> None:
        await self._vault.remove(KIND, user_key(*caller.key), on=on)


def _restored(value: Mapping[str, Any]) -> PendingFlow:
    scopes = None if value["scopes"] is None else frozenset(value["scopes"])
    granted = Granted(*value["granted"]) if value["granted"] else None
    place = (value["id"], value["issuer"], value["subject"], value["token"], value["login_url"])
    return PendingFlow(*place, scopes, value["deadline"], granted)
