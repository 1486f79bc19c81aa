"""What this server asks for when it registers itself at a provider (RFC 7591), and what it does without."""

import logging
from typing import Any

import pytest

from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused, ProviderUnfit
from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.auth.oidc.registration import Registration, Wish
from nextcloud_mcp_server.storage import Database
from tests.identity.own_server import state

CALLBACK, LOGOUT = "https://mcp.example/oauth/callback", "https://mcp.example/oauth/backchannel-logout"
TELLS = {"backchannel_logout_supported": True, "backchannel_logout_session_supported": True}


class Refusing(OidcHttp):
    """A provider that refuses registrations with one of these fields, or with `status`."""

    def __init__(self, *fields: str, status: int | None = None) -> None:
        super().__init__()
        self.fields, self.status = frozenset(fields), status
        self.asked: list[dict[str, Any]] = []

    async def send_json(self, method: str, url: str, body: Any, *, token: str | None = None) -> dict[str, Any]:
        self.asked.append(body)
        if self.status or self.fields & body.keys():
            raise OAuthRefused("invalid_client_metadata", "", self.status or 400)
        return {"client_id": "us", "client_secret": "geheim"}


def provider(**metadata: object) -> Provider:
    return Provider("https://sso.example", "", "", registration_endpoint="https://sso.example/register", metadata=metadata)


async def registered(database: Database, http: OidcHttp, at: Provider) -> None:
    wish = Wish((CALLBACK,), ("openid",), "opaque", LOGOUT)
    found, origin = await Registration(database, state(database).vault, http, wish).resolve(at, None)
    assert (found.client_id, origin) == ("us", "registered")


@pytest.mark.parametrize(
    ("metadata", "sent"),
    [
        (TELLS, {"backchannel_logout_uri": LOGOUT, "backchannel_logout_session_required": True}),
        ({"backchannel_logout_supported": True}, {"backchannel_logout_uri": LOGOUT}),
        ({**TELLS, "backchannel_logout_session_supported": "yes"}, {"backchannel_logout_uri": LOGOUT}),
        ({**TELLS, "backchannel_logout_supported": False}, {}),
        ({**TELLS, "backchannel_logout_supported": "true"}, {}),
        ({}, {}),
    ],
    ids=str,
)
async def test_the_logout_address_goes_to_providers_that_use_it(
    database: Database, metadata: dict[str, object], sent: dict[str, object]
) -> None:
    http = Refusing()
    await registered(database, http, provider(**metadata))
    (asked,) = http.asked
    assert {name: value for name, value in asked.items() if name.startswith("backchannel")} == sent


@pytest.mark.parametrize("refused", [{"token_type"}, {"backchannel_logout_uri"}, {"token_type", "backchannel_logout_uri"}], ids=str)
async def test_what_a_provider_refuses_is_left_out_and_nothing_else(
    database: Database, refused: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    http = Refusing(*refused)
    await registered(database, http, provider(**TELLS))
    assert {"token_type", "backchannel_logout_uri"} - http.asked[-1].keys() == refused
    assert {"client_name", "redirect_uris", "scope"} <= http.asked[-1].keys()
    assert all(name in caplog.text for name in refused)


@pytest.mark.parametrize(("status", "tries"), [(400, 4), (403, 1)])
async def test_a_registration_that_is_refused_anyhow_stops_the_start(database: Database, status: int, tries: int) -> None:
    http = Refusing(status=status)
    with pytest.raises(ProviderUnfit, match="refuses the registration"):
        await registered(database, http, provider(**TELLS))
    assert len(http.asked) == tries
