"""Login Flow v2: a person grants an app password in their own browser.

Source: https://docs.nextcloud.com/server/latest/developer_manual/client_apis/LoginFlow/index.html#login-flow-v2
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, TypeAdapter

from nextcloud_mcp_server.core.errors import BadAnswer, CredentialRefused, NextcloudError
from nextcloud_mcp_server.nextcloud.answers import Answer
from nextcloud_mcp_server.nextcloud.credentials import ANONYMOUS, Credential
from nextcloud_mcp_server.nextcloud.transport import Transport

LIFETIME = 1200.0
"""Seconds after which Nextcloud forgets a flow; it answers the same for pending and for forgotten."""


@dataclass(frozen=True)
class Flow:
    """A flow that was begun: `token` polls it, `login_url` is for the person's browser."""

    token: str = field(repr=False)
    login_url: str = field(repr=False)


@dataclass(frozen=True)
class Granted:
    """What a finished flow gives, once. The login name is not the user id."""

    login_name: str
    password: str = field(repr=False)


class _Poll(BaseModel):
    token: str = Field(min_length=1)


class _Begun(BaseModel):
    poll: _Poll
    login: str = Field(min_length=1)


class _Finished(BaseModel):
    login_name: str = Field(alias="loginName", min_length=1)
    password: str = Field(alias="appPassword", min_length=1)


_BEGUN, _FINISHED = TypeAdapter(_Begun), TypeAdapter(_Finished)


async def begin(transport: Transport, device: str) -> Flow:
    """Starts a flow; `device` is what the person sees as the app's name in Nextcloud's list of devices."""
    headers = {"User-Agent": "".join(c if " " <= c <= "~" else "?" for c in device[:120]), "Accept": "application/json"}
    answer = await transport.send(ANONYMOUS, "POST", "/index.php/login/v2", what="the sign-in", headers=headers)
    begun = answer.parse(_BEGUN)
    return Flow(begun.poll.token, _public(begun.login, transport))


async def poll(transport: Transport, token: str) -> Granted | None:
    """What the person granted; None while they have not, and for a flow that is over.

    Raises BadAnswer for an answer without a password, and the kinds of `core.errors` for a failed poll.
    """
    accept, form = frozenset({404}), {"token": token}
    async with transport.stream(ANONYMOUS, "POST", "/index.php/login/v2/poll", what="the sign-in", accept=accept, data=form) as response:
        if response.status == 404:
            return None
        answer = Answer(response.status, response.headers, await response.read(), "the sign-in")
    finished = answer.parse(_FINISHED)
    return Granted(finished.login_name, finished.password)


async def delete_app_password(transport: Transport, credential: Credential) -> str | None:
    """Deletes the app password that `credential` shows; why it could not be, or None."""
    try:
        await transport.send(credential, "DELETE", "/ocs/v2.php/core/apppassword", what="the app password")
    except CredentialRefused:
        return None
    except NextcloudError as error:
        return error.message
    return None


def _public(login: str, transport: Transport) -> str:
    """The address for the browser: Nextcloud's public one, with the path that Nextcloud gave."""
    parts, base = urlsplit(login), urlsplit(transport.address.base)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadAnswer("Nextcloud's sign-in address is not a web address.")
    if transport.address.public == transport.address.base or parts.netloc != base.netloc:
        return login
    path = parts.path.removeprefix(base.path.rstrip("/"))
    return transport.address.public + path + (f"?{parts.query}" if parts.query else "")
