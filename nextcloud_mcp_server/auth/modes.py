"""The one place that turns the mode into its parts; each mode's parts are imported only when it is chosen."""

from collections.abc import Callable

from nextcloud_mcp_server import __version__
from nextcloud_mcp_server.auth.inbound.owner import ProcessOwner
from nextcloud_mcp_server.auth.outbound.app_password import OneAccount
from nextcloud_mcp_server.auth.sides import Ready, Sides
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import Credential, basic
from nextcloud_mcp_server.nextcloud.session import Policy, Session
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.settings import Mode, Settings

Scopes = Callable[[], frozenset[str]]
"""The scopes of the tools that are switched on."""


def sides(settings: Settings, transport: Transport, cache: Cache, scopes: Scopes) -> Sides:
    """Who is calling and as whom we act, for the mode of these settings. Raises SettingsError."""

    def session(credential: Credential) -> Session:
        return Session(transport, credential, cache, policy=policy(settings))

    match settings.mode:
        case Mode.SINGLE_USER:
            made = _single_user(settings, session)
        case Mode.BASIC:
            from nextcloud_mcp_server.auth.basic_mode import BasicMode

            made = BasicMode(settings, transport, cache, session, policy(settings)).sides()
        case Mode.LOGIN_FLOW | Mode.OAUTH:
            from nextcloud_mcp_server.auth.token_modes import TokenModes

            made = TokenModes(settings, transport, cache, session, policy(settings), scopes).sides()
    made.title = f"nextcloud-mcp-server {__version__}: mode {settings.mode}, Nextcloud {transport.address.base}"
    return made


def _single_user(settings: Settings, session: Callable[[Credential], Session]) -> Sides:
    account, token = settings.nextcloud, settings.server.bearer_token
    credential = basic(account.username or "", account.password.get_secret_value() if account.password else "")
    inbound = ProcessOwner(token.get_secret_value() if token else None)
    outbound = OneAccount(session(credential))

    async def prepare() -> Ready:
        return Ready(inbound, outbound, background=[outbound.try_once], acts=f"as {account.username} by NEXTCLOUD_PASSWORD")

    return Sides(prepare)


def policy(settings: Settings) -> Policy:
    """The limits that the administrator sets for every session."""
    return Policy(
        write_max_bytes=int(settings.surface.write_max_mb * 1024 * 1024),
        excluded_tags=frozenset(settings.surface.excluded_tags),
    )
