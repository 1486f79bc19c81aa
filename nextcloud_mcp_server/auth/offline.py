"""Allowing work while one is away at a provider ("flow 2"): the browser's person asks their provider for offline access."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nextcloud_mcp_server.auth.errands import Errands
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.auth.server import pages
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE, NOT_KEPT, drop_cookie
from nextcloud_mcp_server.auth.server.gate import Arrived
from nextcloud_mcp_server.auth.server.sign_ins import Browser, SignIns

KIND = "offline-sign-in"
PAGE = "/oauth/authorize-nextcloud"
BACK = "/oauth/callback-nextcloud"


@dataclass(frozen=True)
class OfflineConsent:
    """The pages. `scopes` gives what work in the background reads by."""

    errands: Errands
    browsers: SignIns
    grants: Grants
    scopes: Callable[[], frozenset[str]]

    async def authorize(self, http: Request) -> Response:
        """GET /oauth/authorize-nextcloud: for whoever is signed in with this browser, who signs in first otherwise."""
        if await self._person(http) is None:
            return RedirectResponse(f"{self.errands.issuer}/oauth/login?next={quote(PAGE)}", 303, NOT_KEPT)
        reading = tuple(sorted(scope for scope in self.scopes() if scope.endswith(":read")))
        return await self.errands.begin(http, KIND, PAGE, reading, offline=True)

    async def callback(self, http: Request) -> Response:
        """GET /oauth/callback-nextcloud, and /oauth/callback with a state of this kind."""
        found = await self.errands.returned(http)
        if isinstance(found, Response):
            return found
        sign_in, arrived = found
        problem = await self._problem(arrived, await self._person(http))
        if problem:
            if arrived.family:
                await self.grants.remove(arrived.family)
            response: Response = pages.failure(f"Not granted: {problem}", "Nothing was kept.", 403)
        else:
            response = pages.render("done", text="This server may now work for you while you are away. You can close this page.")
        drop_cookie(response, sign_in.cookie)
        return response

    async def _problem(self, arrived: Arrived, person: Browser | None) -> str | None:
        if person is None or (arrived.who.issuer, arrived.who.subject) != (person.issuer, person.subject):
            return "somebody else signed in at the provider than the person of this browser."
        grant = await self.grants.find(arrived.family) if arrived.family else None
        if grant is None or not grant.offline:
            return "the provider gave no refresh token. An administrator has to allow offline_access for this server's client there."
        for older in await self.grants.of(person.issuer, person.subject):
            if older.client_id == KIND and older.id != grant.id:
                await self.grants.remove(older.id, "grant.replaced")
        return None

    async def _person(self, http: Request) -> Browser | None:
        return await self.browsers.browser(http.cookies.get(BROWSER_COOKIE))

    def routes(self) -> list[Route]:
        return [Route(PAGE, self.authorize), Route(BACK, self.callback)]
