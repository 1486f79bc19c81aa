"""The cookies of sign-ins, and the headers of what a browser may not keep. All are `__Host-`: https, this host, every path."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

BROWSER_COOKIE = "__Host-mcp-browser"
NOT_KEPT: Mapping[str, str] = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_ALIKE: dict[str, Any] = {"path": "/", "secure": True, "httponly": True, "samesite": "lax"}


def set_cookie(response: Response, name: str, value: str, seconds: float) -> None:
    response.set_cookie(name, value, max_age=int(seconds), **_ALIKE)


def drop_cookie(response: Response, name: str) -> None:
    response.delete_cookie(name, **_ALIKE)
