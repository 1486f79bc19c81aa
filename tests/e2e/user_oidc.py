"""A sandboxed Nextcloud behind `user_oidc`: takes a provider's bearer tokens whose audience is Nextcloud, no others."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt
from aiohttp import web

from nextcloud_sandbox.server import Running

DROPPED = {"authorization", "host", "content-length", "transfer-encoding", "connection", "content-encoding"}


@dataclass
class UserOidc:
    """`claims` are those of every token that came."""

    sandbox: Running
    keys: jwt.PyJWKClient
    audience: str
    http: aiohttp.ClientSession
    url: str = ""
    claims: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in DROPPED]
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer":
            user = await asyncio.to_thread(self._user, token)
            if user is None:
                return web.json_response({"message": "Current user is not logged in"}, status=401)
            # A bearer of the sandbox's own: it keeps Nextcloud's rules for bearers (CORS).
            headers.append(("Authorization", f"Bearer {self.sandbox.sandbox.new_app_password(user, 'user_oidc').token}"))
        target = f"{self.sandbox.url}{request.raw_path}"
        async with self.http.request(request.method, target, data=await request.read(), headers=headers, allow_redirects=False) as answer:
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in DROPPED and name != "Set-Cookie"]
            made = web.Response(status=answer.status, body=await answer.read())
            for name, value in kept:
                made.headers.add(name, value)
            return made

    def _user(self, token: str) -> str | None:
        try:
            key = self.keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(token, key, ["RS256"], audience=self.audience)
        except jwt.PyJWTError:
            return None
        self.claims.append(claims)
        name = claims.get("preferred_username", claims["sub"])
        return name if name in self.sandbox.sandbox.users else None


@asynccontextmanager
async def user_oidc(sandbox: Running, jwks_uri: str, audience: str) -> AsyncGenerator[UserOidc]:
    """In front of a sandbox, on a port of its own."""
    async with aiohttp.ClientSession(auto_decompress=True) as http:
        front = UserOidc(sandbox, jwt.PyJWKClient(jwks_uri), audience, http)
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", front.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        front.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield front
        await runner.cleanup()
