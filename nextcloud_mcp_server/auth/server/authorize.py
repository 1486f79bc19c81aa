"""The browser's side of the authorization server: the request, our own page, the way to Nextcloud or the provider, the return."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.urls import is_loopback
from nextcloud_mcp_server.auth.server import pages
from nextcloud_mcp_server.auth.server.clients import Clients
from nextcloud_mcp_server.auth.server.consents import Consents
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE, NOT_KEPT, drop_cookie, set_cookie
from nextcloud_mcp_server.auth.server.gate import Arrived, Gate, NotArrived
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.auth.server.redirects import answer
from nextcloud_mcp_server.auth.server.requests import AuthorizationRequest, NotToClient, answer_to, checked, single
from nextcloud_mcp_server.auth.server.sign_ins import BROWSER_SECONDS, SIGN_IN_SECONDS, SignIn, SignIns
from nextcloud_mcp_server.auth.server.tokens import Asked, Tokens
from nextcloud_mcp_server.core.errors import NextcloudError


@dataclass(frozen=True)
class Authorize:
    """The endpoints. `issuer` is this server's public address, `resource` what its tokens are for, `nextcloud` Nextcloud's, as shown."""

    issuer: str
    resource: str
    scopes: Callable[[], frozenset[str]]
    clients: Clients
    sign_ins: SignIns
    consents: Consents
    tokens: Tokens
    gate: Gate
    rates: Rates
    nextcloud: str = ""

    async def authorize(self, http: Request) -> Response:
        """GET /oauth/authorize (OAuth 2.1 section 4.1.1)."""
        try:
            given = single(http.query_params.multi_items())
            client = await self.clients.find(given.get("client_id", ""))
            if client is None:
                raise NotToClient("The client is unknown here. It has to register itself, or an administrator has to allow it.")
            uri = answer_to(given, client)
        except NotToClient as problem:
            return pages.failure(str(problem))
        except OAuthRefused as refused:
            return pages.failure(refused.description or refused.error)
        try:
            request = checked(given, client, uri, resource=self.resource, scopes=self.scopes())
        except OAuthRefused as refused:
            return self._refuse(uri, given.get("state"), refused.error, refused.description)
        if not await self.rates.allow(f"authorize:{_host(http)}", 60, 600):
            return self._refuse(uri, request.state, "temporarily_unavailable", "Too many sign-ins from this address.")
        if passed := await self._without_page(http, request):
            return passed
        return await self._ask(http, request)

    async def consent(self, http: Request) -> Response:
        """POST /oauth/consent: what the person decided on our page."""
        return pages.onward(await self._decided(http), self.issuer)

    async def _decided(self, http: Request) -> Response:
        form = {name: value for name, value in (await http.form()).items() if isinstance(value, str)}
        sign_in = await self.sign_ins.find(form.get("sign_in", ""))
        if sign_in is None or sign_in.away:
            return pages.failure("This sign-in is over.", "Start it again in the app.")
        if not sign_in.is_bound_to(http.cookies.get(sign_in.cookie)) or not hmac.compare_digest(
            form.get("csrf", "").encode(), sign_in.csrf.encode()
        ):
            return pages.failure("This page was not opened in this browser.", "Start the sign-in again in the app.", 403)
        if not form.keys() & {"approve", "another"}:
            await self.sign_ins.finish(sign_in)
            return _forget(
                sign_in, self._refuse(sign_in.request.redirect_uri, sign_in.request.state, "access_denied", "The person declined.")
            )
        arrived = await self._known(http, sign_in.request)
        if arrived and "approve" in form and form.get("account") == arrived.who.subject:
            return await self._finish(sign_in, arrived)
        return await self._leave(sign_in, offline="offline" in form)

    async def wait(self, http: Request) -> Response:
        """GET /oauth/sign-in: the page that waits until the person is done elsewhere."""
        return await self._return(http, http.query_params.get("sign_in", ""))

    async def callback(self, http: Request) -> Response:
        """GET /oauth/callback: the provider sends the browser back."""
        return await self._return(http, http.query_params.get("state", ""))

    async def _without_page(self, http: Request, request: AuthorizationRequest) -> Response | None:
        """A person who is signed in here and approved exactly this before sees no page."""
        arrived = None if request.always_ask else await self._known(http, request)
        if arrived is None or not await self.consents.covers(arrived.who, request):
            return None
        return await self._answer(request, arrived)

    async def _known(self, http: Request, request: AuthorizationRequest) -> Arrived | None:
        """A person who is signed in with this browser, where nothing more than their approval is needed."""
        browser = await self.sign_ins.browser(http.cookies.get(BROWSER_COOKIE))
        return await self.gate.shortcut(browser, frozenset(request.scopes)) if browser else None

    async def _ask(self, http: Request, request: AuthorizationRequest) -> Response:
        sign_in, cookie = await self.sign_ins.begin(request)
        known = await self._known(http, request)
        page = pages.render(
            "consent",
            name=request.client_name,
            host=request.client_host,
            target=pages.origin_of(request.redirect_uri),
            loopback=is_loopback(request.redirect_uri),
            nextcloud=self.nextcloud,
            account=known.who.subject if known else "",
            grants=pages.in_words(request.scopes),
            offers_offline=self.gate.offers_offline,
            action=f"{self.issuer}/oauth/consent",
            sign_in=sign_in.id,
            csrf=sign_in.csrf,
        )
        return _bind(sign_in, cookie, page)

    async def _leave(self, sign_in: SignIn, *, offline: bool) -> Response:
        request = sign_in.request
        try:
            leaving = await self.gate.leave(sign_in)
        except (NextcloudError, OAuthRefused) as error:
            return _outage(request, error)
        changed, cookie = await self.sign_ins.approved(sign_in, leaving.away, offline=offline)
        url = f"{self.issuer}/oauth/sign-in?sign_in={changed.id}" if leaving.waits else leaving.url
        return _bind(changed, cookie, RedirectResponse(url, 303, NOT_KEPT))

    async def _return(self, http: Request, id: str) -> Response:
        sign_in = await self.sign_ins.find(id)
        if sign_in is None or not sign_in.away:
            return pages.failure("This sign-in is over.", "Start it again in the app.")
        if not sign_in.is_bound_to(http.cookies.get(sign_in.cookie)):
            return pages.failure(
                "This sign-in was begun in another browser.", "Start it again in the app, and finish it in the same browser.", 403
            )
        try:
            arrived = await self.gate.arrive(sign_in, http.query_params)
        except NotArrived as problem:
            return await self._give_up(sign_in, problem.error, problem.message)
        except (NextcloudError, OAuthRefused) as error:
            return _outage(sign_in.request, error)
        return await self._finish(sign_in, arrived) if arrived else self._waiting(sign_in)

    def _waiting(self, sign_in: SignIn) -> Response:
        here = f"{self.issuer}/oauth/sign-in?sign_in={sign_in.id}"
        return pages.waiting(sign_in.request.client_name, sign_in.away["login_url"], here)

    async def _finish(self, sign_in: SignIn, arrived: Arrived) -> Response:
        if not await self.sign_ins.finish(sign_in):
            return pages.failure("This sign-in is over.", "Start it again in the app.")
        await self.consents.remember(arrived.who, sign_in.request)
        response = await self._answer(sign_in.request, arrived)
        cookie = await self.sign_ins.remember_browser(arrived.who)
        set_cookie(response, BROWSER_COOKIE, cookie, BROWSER_SECONDS)
        return _forget(sign_in, response)

    async def _answer(self, request: AuthorizationRequest, arrived: Arrived) -> Response:
        scopes = frozenset(request.scopes) & arrived.scopes
        asked = Asked(request.client_id, request.redirect_uri, request.challenge, request.resource, scopes)
        code = await self.tokens.code(asked, arrived.who.issuer, arrived.who.subject, arrived.family)
        await self.clients.used(request.client_id)
        return RedirectResponse(answer(request.redirect_uri, code=code, state=request.state, iss=self.issuer), 303, NOT_KEPT)

    async def _give_up(self, sign_in: SignIn, error: str, description: str) -> Response:
        await self.sign_ins.finish(sign_in)
        return _forget(sign_in, self._refuse(sign_in.request.redirect_uri, sign_in.request.state, error, description))

    def _refuse(self, uri: str, state: str | None, error: str, description: str) -> Response:
        """An error for the client (RFC 6749 4.1.2.1), with `iss` (RFC 9207)."""
        return RedirectResponse(
            answer(uri, error=error, error_description=description or None, state=state, iss=self.issuer), 303, NOT_KEPT
        )


def _outage(request: AuthorizationRequest, error: NextcloudError | OAuthRefused) -> Response:
    return pages.outage(error, f"Reload this page, or start again in {request.client_name}.")


def _bind(sign_in: SignIn, cookie: str, response: Response) -> Response:
    set_cookie(response, sign_in.cookie, cookie, SIGN_IN_SECONDS)
    return response


def _forget(sign_in: SignIn, response: Response) -> Response:
    drop_cookie(response, sign_in.cookie)
    return response


def _host(http: Request) -> str:
    return http.client.host if http.client else "unknown"
