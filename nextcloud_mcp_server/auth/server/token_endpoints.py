"""The client's side of the authorization server: token, revocation and registration."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote_plus

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.scopes import canonical
from nextcloud_mcp_server.auth.server.clients import Client, Clients
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.auth.server.tokens import Issued, Tokens

MAX_BODY = 64 * 1024
_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(frozen=True)
class TokenEndpoints:
    """The endpoints. `ended` is told of families that a client revoked, so that what goes with them ends too."""

    clients: Clients
    tokens: Tokens
    rates: Rates
    ended: Callable[[str], Awaitable[None]] | None = None

    async def token(self, http: Request) -> Response:
        """POST /oauth/token (OAuth 2.1 section 3.2)."""
        try:
            form = await form_of(http)
            client = await self._client(http, form)
            return _issued(await self._grant(client, form))
        except OAuthRefused as refused:
            return _refusal(refused)

    async def revoke(self, http: Request) -> Response:
        """POST /oauth/revoke (RFC 7009): 200 whether or not there was such a token."""
        try:
            form = await form_of(http)
            client = await self._client(http, form)
            if not form.get("token"):
                raise OAuthRefused("invalid_request", "token is missing.")
            family = await self.tokens.revoke(form["token"], client.client_id)
            if family and self.ended:
                await self.ended(family)
        except OAuthRefused as refused:
            return _refusal(refused)
        return Response(headers=_HEADERS)

    async def register(self, http: Request) -> Response:
        """POST /oauth/register (RFC 7591); twenty an hour from one address."""
        host = http.client.host if http.client else "unknown"
        if not await self.rates.allow(f"register:{host}", 20, 3600) or not await self.rates.allow("register", 1000, 3600):
            return _refusal(OAuthRefused("temporarily_unavailable", "Too many registrations; try again in an hour.", 429))
        try:
            asked = _object(await _body(http))
            client, secret, expires_at = await self.clients.register(asked)
        except OAuthRefused as refused:
            return _refusal(refused)
        told: dict[str, Any] = {
            "client_id": client.client_id,
            "client_id_issued_at": int(expires_at - 30 * 86_400),
            "client_name": client.name,
            "redirect_uris": list(client.redirect_uris),
            "token_endpoint_auth_method": client.auth_method,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        }
        if isinstance(asked.get("scope"), str):
            told["scope"] = asked["scope"]
        if secret:
            # The registration itself ends when it is not used; the secret is good for as long.
            told |= {"client_secret": secret, "client_secret_expires_at": 0}
        return JSONResponse(told, 201, _HEADERS)

    async def _client(self, http: Request, form: Mapping[str, str]) -> Client:
        basic = _basic(http.headers.get("authorization", ""))
        client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret"))
        if basic and form.get("client_id", client_id) != client_id:
            raise OAuthRefused("invalid_request", "Two clients are named.")
        client = await self.clients.find(client_id)
        if client is None or not client.proves(secret):
            raise OAuthRefused("invalid_client", "The client is unknown or its secret is wrong.", 401)
        return client

    async def _grant(self, client: Client, form: Mapping[str, str]) -> Issued:
        kind, resource = form.get("grant_type"), form.get("resource")
        if kind == "authorization_code":
            if not form.get("code") or not form.get("code_verifier"):
                raise OAuthRefused("invalid_request", "code and code_verifier are needed.")
            uri = form.get("redirect_uri") or (client.redirect_uris[0] if len(client.redirect_uris) == 1 else None)
            return await self.tokens.redeem(form["code"], client.client_id, uri, form["code_verifier"], resource)
        if kind == "refresh_token":
            if not form.get("refresh_token"):
                raise OAuthRefused("invalid_request", "refresh_token is missing.")
            asked = form.get("scope", "").split()
            scopes = frozenset(map(canonical, asked)) - {"offline_access"} if asked else None
            return await self.tokens.refresh(form["refresh_token"], client.client_id, scopes, resource)
        raise OAuthRefused("unsupported_grant_type", "grant_type is authorization_code or refresh_token.")


def _issued(issued: Issued) -> Response:
    told = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "refresh_token": issued.refresh_token,
        "scope": " ".join(sorted(issued.scopes)),
    }
    return JSONResponse(told, headers=_HEADERS)


def _refusal(refused: OAuthRefused) -> Response:
    told = {"error": refused.error, **({"error_description": refused.description} if refused.description else {})}
    extra = {"WWW-Authenticate": 'Basic realm="oauth"'} if refused.status == 401 else {}
    return JSONResponse(told, refused.status, {**_HEADERS, **extra})


async def _body(http: Request) -> bytes:
    body = b""
    async for piece in http.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise OAuthRefused("invalid_request", "The request is too large.", 413)
    return body


async def form_of(http: Request) -> dict[str, str]:
    """The form of a request; a parameter that comes twice is an error (RFC 6749 3.2). Raises OAuthRefused."""
    from urllib.parse import parse_qsl

    if http.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise OAuthRefused("invalid_request", "The request is a form (application/x-www-form-urlencoded).")
    try:
        pairs = parse_qsl((await _body(http)).decode("utf-8"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError:
        raise OAuthRefused("invalid_request", "The form is malformed.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthRefused("invalid_request", "A parameter comes twice.")
    return form


def _object(body: bytes) -> dict[str, Any]:
    try:
        found: object = orjson.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise OAuthRefused("invalid_client_metadata", "The request is a JSON object.")
    return cast("dict[str, Any]", found)


def _basic(header: str) -> tuple[str, str] | None:
    """Client id and secret (RFC 6749 2.3.1: each encoded as in a form)."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise OAuthRefused("invalid_client", "The Authorization header is malformed.", 401) from None
    return unquote_plus(client_id), unquote_plus(secret)
