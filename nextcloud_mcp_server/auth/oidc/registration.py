"""This server's own credentials at a provider: from the settings, out of the vault, or by registering itself (RFC 7591, RFC 7592)."""

import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio

from nextcloud_mcp_server.auth.inbound.token_cache import digest
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused, ProviderUnfit
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.core.errors import BadAnswer, NextcloudError, Unreachable
from nextcloud_mcp_server.storage.database import Database
from nextcloud_mcp_server.storage.errors import StorageError
from nextcloud_mcp_server.storage.leases import Leases
from nextcloud_mcp_server.storage.vault import Vault

KIND = "oidc-client"
EARLY_SECONDS = 300.0
AGAIN_SECONDS = 10.0
Origin = Literal["settings", "stored", "imported", "registered"]
_TOKEN_TYPE = frozenset({"token_type"})
_LOGOUT = frozenset({"backchannel_logout_uri", "backchannel_logout_session_required"})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What is asked for at registration. `token_type` is `jwt` or `opaque` (Nextcloud's own provider understands it).

    `logout_uri` is where a provider that can tells who signed out there (OpenID Connect Back-Channel Logout 1.0, section 2.2).
    """

    redirect_uris: tuple[str, ...]
    scopes: Iterable[str]
    token_type: str | None = None
    logout_uri: str | None = None
    name: str = "Nextcloud MCP server"

    def metadata(self, provider: Provider) -> dict[str, Any]:
        return {
            "client_name": self.name,
            "redirect_uris": list(self.redirect_uris),
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
            "scope": " ".join(sorted(self.scopes)),
            **({"token_type": self.token_type} if self.token_type else {}),
            **(self._logout(provider.metadata) if self.logout_uri else {}),
        }

    def _logout(self, told: Mapping[str, Any]) -> dict[str, Any]:
        if told.get("backchannel_logout_supported") is not True:
            return {}
        with_session = {"backchannel_logout_session_required": True} if told.get("backchannel_logout_session_supported") is True else {}
        return {"backchannel_logout_uri": self.logout_uri, **with_session}


class Registration:
    """The credentials at one provider. `orphaned` is called when a new client takes the place of one that had users."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        http: OidcHttp,
        wish: Wish,
        *,
        orphaned: Callable[[], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._vault = vault
        self._http = http
        self._wish = wish
        self._orphaned = orphaned
        self._clock = clock

    async def resolve(self, provider: Provider, given: ClientSecret | None, older_file: Path | None = None) -> tuple[ClientSecret, Origin]:
        """The first match: settings, vault, the file of an older installation, registration.

        Raises ProviderUnfit where there is none and the provider registers nobody, and Unreachable.
        """
        if given:
            return given, "settings"
        if stored := await self._stored(provider):
            return stored, "stored"
        leases, name = Leases(self._database), f"oidc-client:{digest(provider.issuer)}"
        with anyio.fail_after(90):
            while not await leases.take(name, 60):  # noqa: ASYNC110 - the other may be on another machine
                await anyio.sleep(0.1)
        try:
            if stored := await self._stored(provider):
                return stored, "stored"
            if older_file and (imported := await self._import(provider, older_file)):
                return imported, "imported"
            return await self._register(provider), "registered"
        finally:
            await leases.release(name)

    async def follow(self, provider: Provider, client: ClientSecret) -> None:
        """Registers anew before `client` ends, and puts the new credentials in its place; returns where it never ends."""
        while client.expires_at:
            await anyio.sleep(max(self._left(client), AGAIN_SECONDS))
            try:
                renewed, _ = await self.resolve(provider, None)
            except (NextcloudError, ProviderUnfit, StorageError, TimeoutError) as error:
                log.warning("This server's client at %s ends soon and cannot be registered anew: %s", provider.issuer, error)
            else:
                client.become(renewed)

    async def delete(self, provider: Provider) -> bool:
        """Deletes the registered client at the provider (RFC 7592) and here; whether there was one."""
        secret = await self._vault.take(KIND, digest(provider.issuer))
        if secret is None:
            return False
        place, token = secret.value.get("registration_client_uri"), secret.value.get("registration_access_token")
        if place and token:
            try:
                await self._http.send_json("DELETE", place, None, token=token)
            except (OAuthRefused, Unreachable, BadAnswer) as error:
                log.warning("The provider did not delete this server's client: %s", type(error).__name__)
        return True

    async def _stored(self, provider: Provider) -> ClientSecret | None:
        secret = await self._vault.find(KIND, digest(provider.issuer))
        if secret is None:
            return None
        found = client_of(secret.value)
        return None if found.expires_at and self._left(found) <= 0 else found

    def _left(self, client: ClientSecret) -> float:
        """Seconds until registering anew is due."""
        return client.expires_at - EARLY_SECONDS - self._clock()

    async def _import(self, provider: Provider, file: Path) -> ClientSecret | None:
        value = await anyio.to_thread.run_sync(_read, file)
        if value is None:
            return None
        await self._keep(provider, value)
        log.warning("The client of %s was imported into the vault; the file is no longer read and can be deleted.", file)
        return await self._stored(provider)

    async def _register(self, provider: Provider) -> ClientSecret:
        if not provider.registration_endpoint:
            raise ProviderUnfit(
                f"The provider {provider.issuer} registers nobody.", "Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET to a client made there."
            )
        before = await self._vault.find(KIND, digest(provider.issuer))
        try:
            told = await self._ask(provider)
        except OAuthRefused as refused:
            hint = "Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or allow this server's host to register."
            raise ProviderUnfit(f"The provider {provider.issuer} refuses the registration: {refused}.", hint) from None
        if not isinstance(told.get("client_id"), str):
            raise BadAnswer("The identity provider's answer to the registration names no client.")
        await self._keep(provider, told)
        if before and before.value["client_id"] != told["client_id"] and self._orphaned:
            await self._orphaned()
        return client_of(told)

    async def _ask(self, provider: Provider) -> dict[str, Any]:
        """The answer to the first attempt that is not refused as malformed."""
        wanted = self._wish.metadata(provider)
        attempts = _attempts(wanted)
        while True:
            asked = attempts.pop(0)
            try:
                told = await self._http.send_json("POST", provider.registration_endpoint, asked)
            except OAuthRefused as refused:
                if refused.status != 400 or not attempts:
                    raise
                continue
            if refused_fields := wanted.keys() - asked.keys():
                log.info("The provider %s registered this server without %s.", provider.issuer, ", ".join(sorted(refused_fields)))
            return told

    async def _keep(self, provider: Provider, told: Mapping[str, Any]) -> None:
        names = ("client_id", "client_secret", "client_secret_expires_at", "registration_access_token", "registration_client_uri")
        await self._vault.put(KIND, digest(provider.issuer), {name: told[name] for name in names if told.get(name) is not None})


def _attempts(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Everything, then without what some providers refuse instead of ignoring it (RFC 7591 2): Keycloak `token_type`."""
    found: list[dict[str, Any]] = []
    for left_out in (frozenset[str](), _TOKEN_TYPE, _LOGOUT, _TOKEN_TYPE | _LOGOUT):
        asked = {name: value for name, value in wanted.items() if name not in left_out}
        if asked not in found:
            found.append(asked)
    return found


def client_of(told: Mapping[str, Any]) -> ClientSecret:
    """The credentials in an answer to a registration (RFC 7591 3.2.1)."""
    ends: object = told.get("client_secret_expires_at")
    return ClientSecret(told["client_id"], told.get("client_secret"), float(ends) if isinstance(ends, int | float) else 0)


def _read(file: Path) -> dict[str, Any] | None:
    try:
        value: Any = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("client_id"), str) else None  # type: ignore[reportUnknownMemberType,reportUnknownVariableType]
