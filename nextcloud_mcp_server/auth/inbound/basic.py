"""Callers with Basic credentials (RFC 7617), which are shown to Nextcloud and kept nowhere else."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping

from nextcloud_mcp_server.auth.inbound.challenges import BASIC
from nextcloud_mcp_server.auth.ports import Unauthorized
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import CredentialRefused, NotPermitted
from nextcloud_mcp_server.nextcloud.credentials import Credential, basic
from nextcloud_mcp_server.nextcloud.session import Session

MAX_CHARACTERS = 2048


def parse(header: str) -> tuple[str, str] | None:
    """Login name and password of an `Authorization` header; None where it is missing or malformed."""
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() != "basic" or len(value) > MAX_CHARACTERS:
        return None
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    login, colon, password = text.partition(":")
    if not colon or not login or not password or any(ord(c) < 32 or ord(c) == 127 for c in text):
        return None
    return login, password


class PassThrough:
    """Everybody whom Nextcloud knows by the pair that they show; they hold every scope.

    `session` makes a session of a credential; who it is, is asked of Nextcloud and kept for some minutes by the
    session's cache, under a digest. `seen` is told of everybody who proved who they are.
    """

    def __init__(self, issuer: str, session: Callable[[Credential], Session], seen: Callable[[str], Awaitable[None]] | None = None) -> None:
        self._issuer = issuer
        self._session = session
        self._seen = seen

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Raises Unauthorized; Unreachable while Nextcloud does not answer."""
        pair = parse(headers.get("authorization", ""))
        if pair is None:
            raise Unauthorized("This server asks for your Nextcloud login name and an app password.", BASIC)
        credential = basic(*pair, kind="basic")
        try:
            user = await self._session(credential).uid()
        except (CredentialRefused, NotPermitted):
            raise Unauthorized("Nextcloud does not accept this login name and password.", BASIC) from None
        if self._seen:
            await self._seen(user)
        return Caller(self._issuer, user, None, None, "basic", credential=credential)
