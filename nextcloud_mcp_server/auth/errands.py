"""Sign-ins that this server begins for itself: so that a browser is known here, or so that a person allows work while they are away.

They use the gates of the authorization server, with a state of their own, bound to the browser by a cookie of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.server import pages
from nextcloud_mcp_server.auth.server.cookies import NOT_KEPT, set_cookie
from nextcloud_mcp_server.auth.server.gate import Arrived, Gate, NotArrived
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.auth.server.requests import AuthorizationRequest
from nextcloud_mcp_server.auth.server.sign_ins import SIGN_IN_SECONDS, SignIn, SignIns
from nextcloud_mcp_server.core.errors import NextcloudError

CALLBACK = "/oauth/callback"
_NAME = "This server"


@dataclass(frozen=True)
class Errands:
    """One kind of them. `back` is the path at which the browser waits and returns where the gate has no address of its own."""

    issuer: str
    gate: Gate
    sign_ins: SignIns
    rates: Rates
    back: str

    async def begin(self, http: Request, name: str, then: str, scopes: tuple[str, ...], *, offline: bool) -> Response:
        """Sends the browser away; `then` is a path of this server for afterwards, `name` stands for a client."""
        if not await self.rates.allow(f"errand:{http.client.host if http.client else ''}", 60, 600):
            return pages.failure("Too many sign-ins from this address.", "Try again in ten minutes.", 429)
        request = AuthorizationRequest(name, _NAME, "", then, None, "", "", scopes)
        sign_in, _ = await self.sign_ins.begin(request)
        try:
            leaving = await self.gate.leave(sign_in)
        except (NextcloudError, OAuthRefused) as error:
            return pages.outage(error, "Try again.")
        changed, cookie = await self.sign_ins.approved(sign_in, leaving.away, offline=offline)
        url = f"{self.issuer}{self.back}?state={changed.id}" if leaving.waits else leaving.url
        response = RedirectResponse(url, 303, NOT_KEPT)
        set_cookie(response, changed.cookie, cookie, SIGN_IN_SECONDS)
        return response

    async def knows(self, state: str) -> bool:
        """Whether a state is one of these."""
        return await self.sign_ins.find(state) is not None

    async def returned(self, http: Request) -> Response | tuple[SignIn, Arrived]:
        """Who came back, once; else the page to show."""
        sign_in = await self.sign_ins.find(http.query_params.get("state", ""))
        if sign_in is None or not sign_in.away:
            return pages.failure("This sign-in is over.", "Start it again.")
        if not sign_in.is_bound_to(http.cookies.get(sign_in.cookie)):
            return pages.failure("This sign-in was begun in another browser.", "Start it again, and finish it in the same browser.", 403)
        try:
            arrived = await self.gate.arrive(sign_in, http.query_params)
        except NotArrived as problem:
            await self.sign_ins.finish(sign_in)
            return pages.failure(problem.message, "Start it again.", 403)
        except (NextcloudError, OAuthRefused) as error:
            return pages.outage(error, "Try again.")
        if arrived is None:
            return pages.waiting(_NAME, sign_in.away["login_url"], f"{self.issuer}{self.back}?state={sign_in.id}")
        if not await self.sign_ins.finish(sign_in):
            return pages.failure("This sign-in is over.", "Start it again.")
        return sign_in, arrived


class Returning(Protocol):
    """What a browser may return to from a provider."""

    @property
    def errands(self) -> Errands: ...

    async def callback(self, http: Request) -> Response: ...


def returning(routes: Sequence[Route], parts: Sequence[Returning]) -> list[Route]:
    """The routes with one `/oauth/callback` for all: the one address that is registered at a provider; the state tells who is meant."""
    otherwise = next((route.endpoint for route in routes if route.path == CALLBACK), None)

    async def callback(http: Request) -> Response:
        for part in parts:
            if await part.errands.knows(http.query_params.get("state", "")):
                return await part.callback(http)
        return await otherwise(http) if otherwise else pages.failure("This sign-in is over.", "Start it again.")

    return [Route(CALLBACK, callback), *(route for route in routes if route.path != CALLBACK)]
