"""Sending events to where webhooks want them."""

import asyncio
import logging
from typing import Any

import aiohttp

from nextcloud_sandbox.areas.webhooks.events import told
from nextcloud_sandbox.areas.webhooks.state import Hook, hooks
from nextcloud_sandbox.calls import dumps
from nextcloud_sandbox.core import Sandbox

log = logging.getLogger(__name__)
HEADERS = {"User-Agent": "Nextcloud Server Crawler", "Accept-Encoding": "gzip"}
TIMEOUT = aiohttp.ClientTimeout(total=30)


def hear(sandbox: Sandbox, event: str, user: str, details: dict[str, Any]) -> None:
    """Delivers in the background; whoever made the change waits for nothing."""
    waiting = list(hooks(sandbox).by_id.values())
    if not waiting or "webhook_listeners" not in sandbox.enabled:
        return
    account = sandbox.users.get(user)
    who = {"uid": account.id, "displayName": account.display_name} if account else None
    for name, body in told(event, user, details):
        data = {"event": {**body, "class": name}, "user": who, "time": int(sandbox.now())}
        for hook in waiting:
            if hook.event == name and hook.user in ("", user) and matches(hook.filter, data):
                start(sandbox, hook, data)


def matches(wanted: dict[str, Any], data: dict[str, Any]) -> bool:
    """A filter of equalities on dotted names; Nextcloud knows the operators of MongoDB as well."""
    return all(value == inside(data, name) for name, value in wanted.items())


def inside(data: Any, name: str) -> Any:
    for part in name.split("."):
        data = data.get(part) if isinstance(data, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return data  # pyright: ignore[reportUnknownVariableType]


def start(sandbox: Sandbox, hook: Hook, data: dict[str, Any]) -> None:
    tasks: set[asyncio.Task[None]] = sandbox.volatile.setdefault("webhooks.tasks", set())
    task = asyncio.get_running_loop().create_task(deliver(hook, dumps(data)))
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def deliver(hook: Hook, body: bytes) -> None:
    """One request, never repeated, as Nextcloud does."""
    headers = {**HEADERS, **(hook.headers or {}), **(hook.secret or {} if hook.auth == "header" else {})}
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, skip_auto_headers=("Content-Type", "Accept")) as http,
            http.request(hook.method, hook.uri, data=body, headers=headers) as answer,
        ):
            log.debug("Webhook %d was answered %d", hook.id, answer.status)
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("Webhook %d could not be delivered: %s", hook.id, error)
