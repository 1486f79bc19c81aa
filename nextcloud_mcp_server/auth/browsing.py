"""What a browser may open in the modes with tokens: signing in, the way back from a provider, and what needs that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.routing import Route

from nextcloud_mcp_server.auth import browser, offline
from nextcloud_mcp_server.auth.browser import BrowserSignIn, LoginFlowProof
from nextcloud_mcp_server.auth.errands import Errands, Returning, returning
from nextcloud_mcp_server.auth.keeping import Keeping
from nextcloud_mcp_server.auth.leftovers import Leftovers
from nextcloud_mcp_server.auth.offline import OfflineConsent
from nextcloud_mcp_server.auth.provider_side import ProviderSide
from nextcloud_mcp_server.auth.provisioning.login import Login
from nextcloud_mcp_server.auth.provisioning.pages import ProvisioningPages
from nextcloud_mcp_server.auth.server.gate import Gate
from nextcloud_mcp_server.auth.server.sign_ins import SignIns


@dataclass(frozen=True)
class Browsing:
    """`side` is the provider, None with the own authorization server. `scopes` gives those of the tools."""

    issuer: str
    kept: Keeping
    login: Login
    side: ProviderSide | None
    scopes: Callable[[], frozenset[str]]

    def routes(self, server: Sequence[Route], *, provisions: bool, consents: bool) -> list[Route]:
        """With those of the authorization `server`: `provisions` by Login Flow v2, or `consents` at the provider."""
        browsers = SignIns(self.kept.vault, signed_out=self.kept.signed_out)
        sign_in = self._sign_in(browsers)
        found, parts = [*sign_in.routes(), *server], list[Returning]([sign_in])
        if self.side and consents:
            errands = self._errands(self.side.gate(offline=True), offline.KIND, offline.BACK)
            consent = OfflineConsent(errands, browsers, self.side.grants, self.scopes)
            found += consent.routes()
            parts.append(consent)
        if self.side:
            found += self.side.back_channel().routes()
        if provisions:
            found += ProvisioningPages(self.login.flows, self.login, browsers, self._address).routes()
        return returning(found, parts)

    def _sign_in(self, browsers: SignIns) -> BrowserSignIn:
        if self.side:
            gate = self.side.gate(offline=False)
            return BrowserSignIn(self._errands(gate, browser.KIND, browser.BACK), browsers, self.side.grants.forget)
        leftovers = Leftovers(self.kept.vault, self.login.transport)
        proof = LoginFlowProof(self.issuer, self.login.transport, self.login.session, self.kept.people, leftovers)
        return BrowserSignIn(self._errands(proof, browser.KIND, browser.BACK), browsers)

    def _errands(self, gate: Gate, kind: str, back: str) -> Errands:
        return Errands(self.issuer, gate, SignIns(self.kept.vault, kind=kind), self.kept.rates, back)

    def _address(self, path: str) -> str:
        return f"{self.issuer}/oauth/login?next={quote(path)}"
