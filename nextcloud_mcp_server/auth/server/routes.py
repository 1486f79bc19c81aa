"""The addresses of the authorization server."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nextcloud_mcp_server.auth.server import metadata
from nextcloud_mcp_server.auth.server.authorize import Authorize
from nextcloud_mcp_server.auth.server.token_endpoints import TokenEndpoints

_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}


def routes(authorize: Authorize, tokens: TokenEndpoints, scopes: Callable[[], frozenset[str]], separator: str = ":") -> list[Route]:
    """All routes; metadata may be read by scripts of any web page, as it holds nothing secret."""

    async def about(_: Request) -> Response:
        told = metadata.document(authorize.issuer, scopes(), by_document=authorize.clients.by_document, separator=separator)
        return JSONResponse(told, headers=_ANY_ORIGIN)

    return [
        Route(metadata.WELL_KNOWN, about),
        Route("/oauth/authorize", authorize.authorize),
        Route("/oauth/consent", authorize.consent, methods=["POST"]),
        Route("/oauth/sign-in", authorize.wait),
        Route("/oauth/callback", authorize.callback),
        Route("/oauth/token", tokens.token, methods=["POST"]),
        # Where the Python SDK renews a token that it kept over its own restart, without reading the metadata again.
        Route("/token", tokens.token, methods=["POST"]),
        Route("/oauth/revoke", tokens.revoke, methods=["POST"]),
        Route("/oauth/register", tokens.register, methods=["POST"]),
    ]
