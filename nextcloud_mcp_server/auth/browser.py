"""A browser that is signed in at this server, for its own pages: nothing is granted by that."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nextcloud_mcp_server.auth.errands import Errands
from nextcloud_mcp_server.auth.leftovers import Leftovers
from nextcloud_mcp_server.auth.people import People
from nextcloud_mcp_server.auth.server import pages
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE, NOT_KEPT, drop_cookie, set_cookie
from nextcloud_mcp_server.auth.server.gate import Arrived, Leaving
from nextcloud_mcp_server.auth.server.sign_ins import BROWSER_SECONDS, Browser, SignIn, SignIns
from nextcloud_mcp_server.nextcloud import login_flow
from nextcloud_mcp_server.nextcloud.credentials import Credential, basic
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.transport import Transport

KIND = "browser-sign-in"
BACK = "/oauth/login-callback"
HOME = "/app/"
_LONGEST = 2000


@dataclass
class LoginFlowProof:
    """Login Flow v2 as a proof of who somebody is: the app password that it brings is deleted at once."""

    issuer: str
    transport: Transport
    session: Callable[[Credential], Session]
    people: People
    leftovers: Leftovers
    offers_offline: bool = False

    async def shortcut(self, who: Browser, scopes: frozenset[str]) -> Arrived | None:
        return None

    async def leave(self, sign_in: SignIn) -> Leaving:
        flow = await login_flow.begin(self.transport, "Nextcloud MCP server (sign-in)")
        return Leaving(flow.login_url, {"poll": flow.token, "login_url": flow.login_url}, waits=True)

    async def arrive(self, sign_in: SignIn, parameters: Mapping[str, str]) -> Arrived | None:
        granted = await login_flow.poll(self.transport, sign_in.away["poll"])
        if granted is None:
            return None
        credential = basic(granted.login_name, granted.password)
        try:
            user = await self.session(credential).uid()
        finally:
            await self.leftovers.delete(granted)
        await self.people.bind(self.issuer, user, user)
        return Arrived(Browser(self.issuer, user), frozenset())


@dataclass(frozen=True)
class BrowserSignIn:
    """The pages. `discard` ends what a provider's gate kept of the sign-in, by its family."""

    errands: Errands
    browsers: SignIns
    discard: Callable[[str], Awaitable[object]] | None = None

    async def login(self, http: Request) -> Response:
        """GET /oauth/login?next=…: a path of this server for afterwards."""
        then = local(http.query_params.get("next", HOME))
        if then is None:
            return pages.failure("The address for afterwards is not one of this server.")
        if await self.browsers.browser(http.cookies.get(BROWSER_COOKIE)):
            return RedirectResponse(f"{self.errands.issuer}{then}", 303, NOT_KEPT)
        return await self.errands.begin(http, KIND, then, ("openid",), offline=False)

    async def callback(self, http: Request) -> Response:
        """GET /oauth/login-callback, and /oauth/callback with a state of this kind."""
        found = await self.errands.returned(http)
        if isinstance(found, Response):
            return found
        sign_in, arrived = found
        if arrived.family and self.discard:
            await self.discard(arrived.family)
        response = RedirectResponse(f"{self.errands.issuer}{sign_in.request.redirect_uri}", 303, NOT_KEPT)
        set_cookie(response, BROWSER_COOKIE, await self.browsers.remember_browser(arrived.who), BROWSER_SECONDS)
        drop_cookie(response, sign_in.cookie)
        return response

    async def home(self, http: Request) -> Response:
        """GET /app/: where a sign-in ends that was for nothing else."""
        browser = await self.browsers.browser(http.cookies.get(BROWSER_COOKIE))
        if browser is None:
            return RedirectResponse(f"{self.errands.issuer}/oauth/login", 303, NOT_KEPT)
        return pages.render("home", account=browser.subject, sign_out=f"{self.errands.issuer}/oauth/logout")

    async def logout(self, http: Request) -> Response:
        """POST /oauth/logout: other sites cannot, because the cookie is not sent with their requests, and without it none is removed."""
        response = pages.render("done", text="You are signed out of this server in this browser.")
        if cookie := http.cookies.get(BROWSER_COOKIE):
            await self.browsers.forget_browser(cookie)
            drop_cookie(response, BROWSER_COOKIE)
        return response

    def routes(self) -> list[Route]:
        return [
            Route("/oauth/login", self.login),
            Route(BACK, self.callback),
            Route("/oauth/logout", self.logout, methods=["POST"]),
            Route(HOME, self.home),
        ]


def local(path: str) -> str | None:
    """A path of this server that a browser may be sent to; None for everything else, another host above all."""
    fine = path.startswith("/") and not path.startswith("//") and len(path) <= _LONGEST
    return path if fine and path.isascii() and path.isprintable() and "\\" not in path and " " not in path else None
