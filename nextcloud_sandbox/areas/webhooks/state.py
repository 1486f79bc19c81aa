"""The registrations."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from nextcloud_sandbox.areas.webhooks.events import known
from nextcloud_sandbox.core import Sandbox


class Refused(Exception):
    """A registration that Nextcloud does not take."""


@dataclass
class Hook:
    """`secret` is shown to nobody again: answers have `sealed` in its place."""

    id: int
    owner: str
    method: str
    uri: str
    event: str
    filter: dict[str, Any]
    user: str
    headers: dict[str, str] | None
    auth: str
    secret: dict[str, str] | None
    sealed: str | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "appId": None,
            "userId": self.owner,
            "httpMethod": self.method,
            "uri": self.uri,
            "event": self.event,
            "eventFilter": self.filter or [],
            "userIdFilter": self.user,
            "headers": self.headers,
            "authMethod": self.auth,
            "authData": self.sealed,
        }


@dataclass
class Hooks:
    """`last` is the highest id that was given."""

    by_id: dict[int, Hook] = field(default_factory=dict[int, Hook])
    last: int = 0

    def put(self, hook: Hook) -> Hook:
        """Raises Refused."""
        if not known(hook.event):
            raise Refused(f"{hook.event} is not an event class compatible with webhooks")
        if hook.auth not in ("none", "header"):
            raise Refused("This auth method does not exist")
        hook.sealed = sealed() if hook.secret is not None else None
        self.by_id[hook.id] = hook
        return hook

    def new_id(self) -> int:
        self.last += 1
        return self.last


def hooks(sandbox: Sandbox) -> Hooks:
    return sandbox.slot("webhooks", Hooks)


def sealed() -> str:
    """What Nextcloud's encryption looks like."""
    return "|".join((secrets.token_hex(48), secrets.token_hex(16), secrets.token_hex(64), "3"))
