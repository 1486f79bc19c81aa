"""The few pages that people see: without scripts, not to be framed, nothing loaded from anywhere."""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from jinja2 import Environment

_ACCESS = {"read": "Read", "write": "Create, change and delete", "send": "Send"}
_OIDC = {"openid": "Know who you are", "profile": "See your name", "email": "See your mail address"}


@cache
def _environment() -> "tuple[Environment, str]":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("nextcloud_mcp_server.auth.server"), autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    loader: Any = environment.loader
    style: str = loader.get_source(environment, "style.css")[0]
    return environment, style


def render(template: str, *, status: int = 200, form_targets: Iterable[str] = (), **values: Any) -> HTMLResponse:
    """A page with its headers. `form_targets` are origins that a form's answer may redirect to (browsers check redirects too)."""
    from markupsafe import Markup

    environment, style = _environment()
    body = environment.get_template(f"{template}.html").render(style=Markup(style), **values)  # noqa: S704 - our own file
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    targets = " ".join(["'self'", *form_targets])
    headers = {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{hashed}'; form-action {targets}; "
        "frame-ancestors 'none'; base-uri 'none'",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(body, status, headers)


def failure(text: str, hint: str = "", status: int = 400) -> HTMLResponse:
    """The error page."""
    return render("error", status=status, text=text, hint=hint)


def in_words(scopes: Iterable[str]) -> list[str]:
    """What scopes allow, one line each, apps together."""
    by_app: dict[str, list[str]] = {}
    lines = [_OIDC[scope] for scope in sorted(scopes) if scope in _OIDC]
    for scope in sorted(scopes):
        app, _, access = scope.partition(":")
        if access:
            by_app.setdefault(app, []).append(_ACCESS.get(access, access.capitalize()))
    return lines + [f"{' · '.join(words)}: {app}" for app, words in by_app.items()]


def origin_of(uri: str) -> str:
    """Scheme, host and port as a Content-Security-Policy source."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
