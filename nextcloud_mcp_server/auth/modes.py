"""The one place that turns the mode into a pair of objects."""

from nextcloud_mcp_server.auth.inbound.owner import ProcessOwner
from nextcloud_mcp_server.auth.outbound.app_password import OneAccount
from nextcloud_mcp_server.auth.ports import Inbound, Outbound
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import basic
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.settings import Mode, Settings, SettingsError


def pair(settings: Settings, transport: Transport, cache: Cache) -> tuple[Inbound, Outbound]:
    """Who is calling and as whom we act, for the mode of these settings."""
    match settings.mode:
        case Mode.SINGLE_USER:
            return _single_user(settings, transport, cache)
        case _:
            raise SettingsError(f"MCP_AUTH_MODE={settings.mode} is not available in this version: use single_user.")


def _single_user(settings: Settings, transport: Transport, cache: Cache) -> tuple[Inbound, Outbound]:
    account, token = settings.nextcloud, settings.server.bearer_token
    credential = basic(account.username or "", account.password.get_secret_value() if account.password else "")
    session = Session(transport, credential, cache, policy=policy(settings))
    return ProcessOwner(token.get_secret_value() if token else None), OneAccount(session)


def policy(settings: Settings) -> Policy:
    """The limits that the administrator sets for every session."""
    return Policy(
        write_max_bytes=int(settings.surface.write_max_mb * 1024 * 1024),
        excluded_tags=frozenset(settings.surface.excluded_tags),
    )
