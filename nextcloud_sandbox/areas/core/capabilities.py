"""status.php and the capabilities document."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.calls import Call, dumps, reply
from nextcloud_sandbox.routing import Access, Routes

routes = Routes("core")
VERSION = {"major": 32, "minor": 0, "micro": 1, "string": "32.0.1", "edition": "", "extendedSupport": False}
ANONYMOUS = ("bruteforce", "theming")


@routes.raw("GET HEAD", "/status.php")
async def status(call: Call) -> web.StreamResponse:
    body = {
        "installed": True,
        "maintenance": call.sandbox.maintenance,
        "needsDbUpgrade": False,
        "version": "32.0.1.2",
        "versionstring": "32.0.1",
        "edition": "",
        "productname": "Nextcloud",
        "extendedSupport": False,
    }
    return reply(200, dumps(body), "application/json", {"Access-Control-Allow-Origin": "*"})


@routes.ocs("GET", "/cloud/capabilities", Access.PUBLIC)
async def capabilities(call: Call) -> web.StreamResponse:
    data = {"version": VERSION, "capabilities": document(call)}
    etag = '"' + hashlib.md5(json.dumps(data["capabilities"]).encode(), usedforsecurity=False).hexdigest() + '"'
    if call.header("If-None-Match") == etag:
        return reply(304, kind=None, headers={"ETag": etag})
    return ocs.ok(call, data, {"ETag": etag})


@cache
def recorded() -> str:
    """What the apps without an area of their own announce."""
    return (Path(__file__).parent / "capabilities.json").read_text(encoding="utf-8")


def document(call: Call) -> dict[str, Any]:
    base: dict[str, Any] = json.loads(recorded().replace("{base}", call.base_url()))
    anonymous = call.user_or_none is None
    if call.user_or_none is not None:
        base["core"]["user"]["timezone"] = call.user.profile.get("timezone", "")
    out = {key: value for key, value in base.items() if key in ANONYMOUS or not anonymous}
    for area in call.sandbox.areas:
        if area.capabilities is not None and area.name in call.sandbox.enabled:
            out.update(area.capabilities(call))
    return dict(sorted(out.items())) if anonymous else out
