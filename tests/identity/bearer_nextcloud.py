"""A Nextcloud with user_oidc, as far as a bearer token goes: it checks signature and audience, and names the account after `sub`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web


@dataclass
class BearerNextcloud:
    """`seen` are the tokens that came, `refused` those it answers 401 to whatever they are; `broken` accounts fail while new."""

    url: str
    keys: jwt.PyJWKClient
    audience: str
    seen: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0

    def claims(self, token: str) -> dict[str, Any]:
        return jwt.decode(token, options={"verify_signature": False})

    async def user(self, request: web.Request) -> web.Response:
        import asyncio

        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.seen.append(token)
        try:
            key = await asyncio.to_thread(self.keys.get_signing_key_from_jwt, token)
            claims = jwt.decode(token, key, ["RS256"], audience=self.audience)
        except jwt.PyJWTError:
            claims = None
        if claims is None or token in self.refused:
            return web.json_response({"ocs": {"meta": {"status": "failure", "statuscode": 997}, "data": []}}, status=401)
        return web.json_response({"ocs": {"meta": {"status": "ok", "statuscode": 200}, "data": {"id": f"nc-{claims['sub']}"}}})


@asynccontextmanager
async def bearer_nextcloud(jwks_uri: str, audience: str) -> AsyncGenerator[BearerNextcloud]:
    app = web.Application()
    runner = web.AppRunner(app)
    nextcloud = BearerNextcloud("", jwt.PyJWKClient(jwks_uri), audience)
    app.router.add_get("/ocs/v2.php/cloud/user", nextcloud.user)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    nextcloud.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield nextcloud
    await runner.cleanup()
