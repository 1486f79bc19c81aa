"""Every route of every mode, asked by nobody: 401, but for the few that are there for anybody."""

import json
from pathlib import Path

import pytest

from nextcloud_mcp_server.server.listening import asgi
from tests.identity.management_world import LOGIN_FLOW, PASS_THROUGH, World, world
from tests.support.wire import Exchange, reply, wire

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOWHERE = "http://127.0.0.1:9"
SEARCH = {
    "ENABLE_SEMANTIC_SEARCH": "true",
    "OLLAMA_BASE_URL": NOWHERE,
    "QDRANT_URL": NOWHERE,
    "WEBHOOK_SECRET": "a-webhook-secret-of-some-length",
}
SINGLE = {"NEXTCLOUD_USERNAME": "alice", "NEXTCLOUD_PASSWORD": "alice", "MCP_BEARER_TOKEN": "a-static-token-of-some-length"}
Answers = dict[str, int]

HEALTH: Answers = {"GET /health/live": 200, "GET /health/ready": 200}
API: Answers = {"GET /api/v1/status": 200, "GET /api/v1/scopes": 200, "GET /api/v1/openapi.json": 200}
METADATA: Answers = {"GET /.well-known/oauth-protected-resource": 200, "GET /.well-known/oauth-protected-resource/mcp": 200}
BROWSER: Answers = {
    "GET /app/": 303,
    "GET /oauth/login": 303,
    "GET /oauth/login-callback": 400,
    "POST /oauth/logout": 200,
}
"""Where people sign in; without a sign-in that was begun there is nothing to return to."""
SERVER: Answers = {
    "GET /.well-known/oauth-authorization-server": 200,
    "GET /oauth/authorize": 400,
    "GET /oauth/sign-in": 400,
    "GET /oauth/callback": 400,
    **{f"POST {path}": 400 for path in ("/oauth/consent", "/oauth/token", "/token", "/oauth/revoke", "/oauth/register")},
}
CONSENT: Answers = {
    "GET /oauth/authorize-nextcloud": 303,
    "GET /oauth/callback-nextcloud": 400,
    "POST /oauth/backchannel-logout": 400,
    "POST /api/v1/users/{user}/app-password": 409,
}
OPEN: dict[str, Answers] = {
    "single_user": HEALTH,
    "basic": HEALTH | API,
    "login_flow": HEALTH | API | METADATA | BROWSER | SERVER | {"GET /app/provision": 303},
    "oauth": HEALTH | API | METADATA | BROWSER | SERVER | CONSENT,
}
"""What anybody may ask in each mode, and how it answers an empty request."""


def provider(asked: Exchange) -> bytes:
    """An OpenID provider, as far as it describes itself."""
    base = f"http://{asked.header('Host')}"
    ends = {f"{name}_endpoint": f"{base}/{name}" for name in ("authorization", "token", "introspection", "userinfo")}
    document = {"issuer": base, "jwks_uri": f"{base}/certs", "code_challenge_methods_supported": ["S256"], **ends}
    return reply(200, json.dumps(document).encode(), Content_Type="application/json")


async def answers(here: World) -> tuple[Answers, str]:
    """How each route answers a request without a credential where that is not 401 or 405, and all that was said."""
    found: Answers = {}
    said = ""
    for route in [*asgi(here.product, "127.0.0.1").router.routes, *here.product.sides.now().routes]:
        path: str = route.path  # type: ignore[attr-defined]
        for method in METHODS:
            answer = await here.http.request(method, here.url + path.replace("{user}", "bob"))
            if answer.status_code not in (401, 405):
                found[f"{method} {path}"] = answer.status_code
            said += answer.text
    return found, said


@pytest.mark.parametrize("mode", OPEN)
async def test_nobody_gets_further_than_what_is_there_for_anybody(mode: str, tmp_path: Path) -> None:
    async with wire(provider) as stub:
        oauth = {
            "MCP_AUTH_MODE": "oauth",
            "MCP_OAUTH_OUTBOUND": "own",
            "OIDC_DISCOVERY_URL": f"{stub.url}/.well-known/openid-configuration",
            "OIDC_CLIENT_ID": "desk",
            "OIDC_CLIENT_SECRET": "a-client-secret-of-some-length",
        }
        modes = {"single_user": SINGLE, "basic": PASS_THROUGH, "login_flow": LOGIN_FLOW, "oauth": oauth}
        async with world(tmp_path, **SEARCH, **modes[mode]) as here:
            if mode in ("basic", "login_flow"):
                await here.provisioned("bob")
            found, said = await answers(here)
    assert found == OPEN[mode]
    assert "bob" not in said
