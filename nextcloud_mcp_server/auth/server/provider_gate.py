"""Signing in at an OpenID provider as one registered client (the facade): the provider's tokens stay here, the client gets ours."""

import base64
import hashlib
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc import id_tokens
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenAnswer, TokenEndpoint
from nextcloud_mcp_server.auth.oidc.urls import same
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.auth.scopes import OIDC
from nextcloud_mcp_server.auth.server.gate import Arrived, Leaving, NotArrived
from nextcloud_mcp_server.auth.server.sign_ins import Browser, SignIn


class ProviderGate:
    """`redirect_uri` is this server's callback, `user_claim` names the subject, `resource` is Nextcloud's audience if an address.

    `offline` says whether offline access is asked for: always, never, or (None) where the provider lists it.
    """

    offers_offline = True

    def __init__(
        self,
        endpoint: TokenEndpoint,
        jwks: Jwks,
        http: OidcHttp,
        grants: Grants,
        redirect_uri: str,
        *,
        user_claim: str = "sub",
        resource: str | None = None,
        offline: bool | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint = endpoint
        self._jwks = jwks
        self._http = http
        self._grants = grants
        self._redirect_uri = redirect_uri
        self._user_claim = user_claim
        self._resource = resource
        self._offline = offline
        self._clock = clock

    async def shortcut(self, who: Browser, scopes: frozenset[str]) -> Arrived | None:
        """None: every sign-in has a grant of its own at the provider, and our page comes before each way there.

        Only that page tells people which client asks, because the provider knows this server alone; and who they are there
        shows when they come back, too late to look for what that person approved before.
        """
        return None

    async def leave(self, sign_in: SignIn) -> Leaving:
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = self._asked(sign_in)
        parameters = {
            "response_type": "code",
            "client_id": self._endpoint.client.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(sorted(asked)),
            "state": sign_in.id,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if "offline_access" in asked:
            parameters["prompt"] = "consent"
        if self._resource and "://" in self._resource:
            parameters["resource"] = self._resource
        endpoint = self._endpoint.provider.authorization_endpoint
        url = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"
        return Leaving(url, {"verifier": verifier, "nonce": nonce, "asked": sorted(asked)}, waits=False)

    async def arrive(self, sign_in: SignIn, parameters: Mapping[str, str]) -> Arrived | None:
        provider = self._endpoint.provider
        if (provider.names_itself or "iss" in parameters) and not same(parameters.get("iss", ""), provider.issuer):
            raise NotArrived("The answer came from another provider.", "server_error")
        if "error" in parameters or not parameters.get("code"):
            declined = parameters.get("error") in ("access_denied", "consent_required", "login_required", "interaction_required")
            raise NotArrived("The provider did not sign the person in.", "access_denied" if declined else "server_error")
        try:
            answer = await self._endpoint.code(parameters["code"], self._redirect_uri, sign_in.away["verifier"], self._resource)
            claims = await self._claims(answer, sign_in.away["nonce"])
            subject = await self._subject(claims, answer)
        except Refused as refused:
            raise NotArrived(str(refused), "server_error") from None
        except OAuthRefused:
            raise NotArrived("The provider refused the sign-in.", "server_error") from None
        family = uuid.uuid4().hex
        sid = claims["sid"] if isinstance(claims.get("sid"), str) else None
        who = Browser(provider.issuer, subject, sid, claims["sub"])
        granted = _granted(sign_in, answer)
        offline = sign_in.offline and answer.refresh_token is not None
        allowed = _given(sign_in, answer) | (granted - OIDC)
        client_id = sign_in.request.client_id
        await self._grants.store(family, who.issuer, subject, client_id, answer, allowed, offline, sid=sid, sub=who.sub)
        return Arrived(who, granted, family)

    def _asked(self, sign_in: SignIn) -> frozenset[str]:
        """OpenID's own scopes, those of the request that the provider knows, and offline access: it brings the refresh token."""
        known = self._endpoint.provider.scopes
        wanted = {"openid", "offline_access", *sign_in.request.scopes}
        asked = frozenset(scope for scope in wanted if scope == "openid" or scope in known or (not known and scope in OIDC))
        if self._offline is None:
            return asked
        return asked | {"offline_access"} if self._offline else asked - {"offline_access"}

    async def _claims(self, answer: TokenAnswer, nonce: str) -> dict[str, Any]:
        if answer.id_token is None:
            raise Refused("The provider gave no ID token.")
        provider, client_id = self._endpoint.provider, self._endpoint.client.client_id
        now = self._clock()
        return await id_tokens.verify(answer.id_token, self._jwks, issuer=provider.issuer, client_id=client_id, nonce=nonce, now=now)

    async def _subject(self, claims: dict[str, Any], answer: TokenAnswer) -> str:
        provider, subject = self._endpoint.provider, claims.get(self._user_claim)
        if subject is None and provider.userinfo_endpoint:
            told = await self._http.get(provider.userinfo_endpoint, headers={"Authorization": f"Bearer {answer.access_token}"})
            subject = told.get(self._user_claim) if told.get("sub") == claims["sub"] else None
        if not isinstance(subject, str) or not subject:
            raise Refused(f"The provider names nobody by the claim {self._user_claim!r} (NEXTCLOUD_OIDC_USER_CLAIM).")
        return subject


def _given(sign_in: SignIn, answer: TokenAnswer) -> frozenset[str]:
    """What the provider gave; one that does not tell gave what it was asked for (RFC 6749 5.1)."""
    return answer.scopes if answer.scopes is not None else frozenset(sign_in.away["asked"])


def _granted(sign_in: SignIn, answer: TokenAnswer) -> frozenset[str]:
    """What the client may use: of the scopes that the provider was asked for, those that it gave; others are ours to give."""
    asked, given = frozenset(sign_in.away["asked"]), _given(sign_in, answer)
    return frozenset(scope for scope in sign_in.request.scopes if scope in given or scope in OIDC or scope not in asked)
