"""Who a request comes from. Session cookies beat credentials, as in Nextcloud."""

import base64
import binascii
from dataclasses import dataclass

from aiohttp import hdrs, web

from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.model import AppPassword, Session, User


@dataclass(slots=True)
class Identity:
    """`user` is whom the request is served as; `credentials` whom the Authorization header alone stands for.

    `failure` is "wrong" or "disabled" when that header was refused and no session made it irrelevant; `by` is "session", "basic",
    "bearer" or "". `app_password` is the one used, or the one that opened the session.
    """

    user: User | None = None
    credentials: User | None = None
    by: str = ""
    failure: str = ""
    app_password: AppPassword | None = None
    session: Session | None = None
    session_key: str = ""


def scheme(request: web.Request) -> str:
    """The lower-case scheme of the Authorization header, or ""."""
    return request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")[0].lower()


def basic(request: web.Request) -> tuple[str, str] | None:
    """Login name and password of a Basic header."""
    kind, _, value = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None


def session_cookie(sandbox: Sandbox, request: web.Request) -> str | None:
    return request.cookies.get(sandbox.data.instance_id)


def identify(sandbox: Sandbox, request: web.Request) -> Identity:
    found = by_credentials(sandbox, request)
    key = session_cookie(sandbox, request)
    session = sandbox.session(key)
    if session is None or key is None:
        return found
    user = sandbox.users[session.user]
    if not user.enabled:
        return Identity(failure="disabled")
    password = sandbox.data.app_passwords.get(session.app_password or "")
    return Identity(user, found.credentials, "session", "", password, session, key)


def by_credentials(sandbox: Sandbox, request: web.Request) -> Identity:
    if scheme(request) == "bearer":
        token = request.headers[hdrs.AUTHORIZATION].partition(" ")[2].strip()
        return accepted(sandbox, sandbox.data.app_passwords.get(token), "bearer")
    pair = basic(request)
    if pair is None:
        return Identity(failure="wrong" if scheme(request) == "basic" else "")
    login, password = pair
    device = sandbox.data.app_passwords.get(password)
    if device is not None and device.login_name.lower() == login.lower():
        return accepted(sandbox, device, "basic")
    user = sandbox.find_login(login)
    if user is None or user.password != password:
        return Identity(failure="wrong")
    return Identity(user, user, "basic") if user.enabled else Identity(failure="disabled")


def accepted(sandbox: Sandbox, device: AppPassword | None, by: str) -> Identity:
    user = sandbox.users.get(device.user) if device else None
    if user is None:
        return Identity(failure="wrong")
    return Identity(user, user, by, app_password=device) if user.enabled else Identity(failure="disabled")
