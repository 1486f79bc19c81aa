"""What a provider says of itself (OpenID Connect Discovery 1.0, RFC 8414), checked and with addresses this server can reach."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused, ProviderUnfit
from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.auth.oidc.urls import moved, same
from nextcloud_mcp_server.auth.scopes import OIDC
from nextcloud_mcp_server.core.errors import Unreachable

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_WELL_KNOWN = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
_OURS = ("token_endpoint", "jwks_uri", "introspection_endpoint", "revocation_endpoint", "registration_endpoint", "userinfo_endpoint")


@dataclass(frozen=True)
class Provider:
    """A provider as its metadata describes it. `issuer` is what tokens carry; an endpoint it lacks is empty."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str = ""
    introspection_endpoint: str = ""
    revocation_endpoint: str = ""
    registration_endpoint: str = ""
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    auth_methods: frozenset[str] = frozenset({"client_secret_basic"})
    introspection_auth_methods: frozenset[str] = frozenset({"client_secret_basic"})
    grant_types: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    algorithms: frozenset[str] = frozenset()
    names_itself: bool = False
    metadata: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @property
    def exchanges(self) -> bool:
        """Whether the token exchange grant is listed (RFC 8693)."""
        return EXCHANGE in self.grant_types

    @property
    def is_nextclouds(self) -> bool:
        """Whether it is Nextcloud's own `oidc` app."""
        return self.token_endpoint.endswith("/apps/oidc/token")

    def askable(self, scopes: Iterable[str]) -> frozenset[str]:
        """Of these scopes OpenID's own and those that are listed; others may be refused as unknown."""
        return frozenset(scope for scope in scopes if scope in OIDC or scope in self.scopes)


@dataclass(frozen=True)
class Overrides:
    """Settings that win over the metadata: the issuer that tokens carry, and single endpoints."""

    issuer: str | None = None
    jwks_uri: str | None = None
    introspection_endpoint: str | None = None
    userinfo_endpoint: str | None = None


async def discover(http: OidcHttp, url: str, overrides: Overrides | None = None) -> Provider:
    """Fetches and checks the metadata at `url`. Raises Unreachable, or ProviderUnfit with the setting to change."""
    try:
        document = await http.get(url, follow=True)
    except OAuthRefused as refused:
        if refused.status in (429, 404, 408):
            raise Unreachable(f"There is no OpenID provider at {url} ({refused.status}).", retry_after=10.0) from None
        raise ProviderUnfit(f"The discovery document at {url} is refused ({refused.status}).", "Set OIDC_DISCOVERY_URL.") from None
    return read(document, url, overrides or Overrides())


def read(document: dict[str, Any], url: str, overrides: Overrides) -> Provider:
    """The provider behind a metadata document that was found at `url`. Raises ProviderUnfit."""
    stated = _text(document, "issuer")
    issuer = overrides.issuer or stated
    _check(document, url, stated, overrides.issuer)
    found = {name: moved(_text(document, name), away_from=issuer, to=url) if _text(document, name) else "" for name in _OURS}
    methods = _set(document, "token_endpoint_auth_methods_supported") or frozenset({"client_secret_basic"})
    provider = Provider(
        issuer=issuer,
        authorization_endpoint=_text(document, "authorization_endpoint"),
        end_session_endpoint=_text(document, "end_session_endpoint"),
        auth_methods=methods,
        introspection_auth_methods=_set(document, "introspection_endpoint_auth_methods_supported") or methods,
        grant_types=_set(document, "grant_types_supported"),
        scopes=_set(document, "scopes_supported"),
        algorithms=_set(document, "id_token_signing_alg_values_supported"),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        metadata=document,
        **found,
    )
    given = {name: getattr(overrides, name) for name in ("jwks_uri", "introspection_endpoint", "userinfo_endpoint")}
    return replace(provider, **{name: value for name, value in given.items() if value})


def _check(document: dict[str, Any], url: str, stated: str, expected: str | None) -> None:
    if not stated:
        raise ProviderUnfit(f"The document at {url} names no issuer.", "Set OIDC_DISCOVERY_URL to a discovery document.")
    if not any(same(stated, place) for place in (*_places(url), *([expected] if expected else []))):
        raise ProviderUnfit(
            f"The provider at {url} calls itself {stated}.",
            f"If that is the same provider, set NEXTCLOUD_PUBLIC_ISSUER_URL={stated}; else correct OIDC_DISCOVERY_URL.",
        )
    for name in ("authorization_endpoint", "token_endpoint"):
        if not _text(document, name):
            raise ProviderUnfit(f"The provider {stated} has no {name}.", "Set OIDC_DISCOVERY_URL to another provider.")
    if "S256" not in _set(document, "code_challenge_methods_supported"):
        raise ProviderUnfit(f"The provider {stated} does not advertise PKCE with S256.", "Enable PKCE there.")


def _places(url: str) -> list[str]:
    """The issuers that may publish their metadata at this address."""
    path = url.partition("?")[0]
    places = [path.removesuffix(end) for end in _WELL_KNOWN if path.endswith(end)]
    return [*places, *(place.removesuffix("/index.php") for place in places)]


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _set(document: dict[str, Any], name: str) -> frozenset[str]:
    value = document.get(name)
    return frozenset(item for item in cast("list[object]", value) if isinstance(item, str)) if isinstance(value, list) else frozenset()
