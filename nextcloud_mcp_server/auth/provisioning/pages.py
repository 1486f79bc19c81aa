"""The page that a sign-in tool's address opens: it forwards to Nextcloud only the browser of the same person.

A link sent to somebody else must not end in their account behind the sender's session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from nextcloud_mcp_server.auth.provisioning.flows import Flows
from nextcloud_mcp_server.auth.provisioning.login import Login
from nextcloud_mcp_server.auth.server import pages
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from nextcloud_mcp_server.auth.server.sign_ins import Browser, SignIns
from nextcloud_mcp_server.core.caller import Caller


@dataclass(frozen=True)
class ProvisioningPages:
    """`sign_in` gives the address at which a browser signs in here and then returns to a path of this server."""

    flows: Flows
    login: Login
    sign_ins: SignIns
    sign_in: Callable[[str], str]

    async def provision(self, http: Request) -> Response:
        """GET /app/provision?flow=…"""
        id = http.query_params.get("flow", "")
        browser = await self.sign_ins.browser(http.cookies.get(BROWSER_COOKIE))
        if browser is None:
            return RedirectResponse(self.sign_in(f"/app/provision?flow={quote(id)}"), 303, {"Cache-Control": "no-store"})
        flow = await self.flows.by_id(id)
        if flow is None:
            return pages.failure("This sign-in is over.", "Ask the assistant to begin again.")
        if (flow.issuer, flow.subject) != (browser.issuer, browser.subject):
            return pages.failure(
                "This sign-in was begun by somebody else.",
                "If you did not begin it yourself, close this page: going on would give them access.",
                403,
            )
        return RedirectResponse(flow.login_url, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})

    async def status(self, http: Request) -> Response:
        """GET /app/provision/status: the same answer as nc_auth_check_status, for the browser's person."""
        browser = await self.sign_ins.browser(http.cookies.get(BROWSER_COOKIE))
        if browser is None:
            return JSONResponse({"success": False, "status": "error", "message": "Sign in first."}, 401)
        answer = await self.login.check(_caller(browser))
        return JSONResponse(answer.model_dump(exclude_none=True), headers={"Cache-Control": "no-store"})

    def routes(self) -> list[Route]:
        return [Route("/app/provision", self.provision), Route("/app/provision/status", self.status)]


def _caller(browser: Browser) -> Caller:
    return Caller(browser.issuer, browser.subject, method="browser")
