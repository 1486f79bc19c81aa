"""The sign-in tools, as plain functions of an `Account`: the verified caller with what they may do about their access."""

from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.auth.provisioning.account import Account
from nextcloud_mcp_server.auth.provisioning.answers import (
    LoggedInAnswer,
    OlderProvisionAnswer,
    OlderStatusAnswer,
    ProvisionAnswer,
    RevokeAnswer,
    StatusAnswer,
    UpdateAnswer,
)
from nextcloud_mcp_server.core.app import NextcloudApp
from nextcloud_mcp_server.core.tools import Toolbox

LOGIN_FLOW = frozenset({"login_flow"})
WITH_TOKENS = frozenset({"login_flow", "oauth"})

toolbox = Toolbox("auth")
_SIGN_IN = {"scopes": ("openid",), "always": True}
Scopes = Annotated[list[str] | None, Field(description="App scopes such as notes:read")]


@toolbox.create(modes=LOGIN_FLOW, **_SIGN_IN)
async def nc_auth_provision_access(account: Account, scopes: Scopes = None) -> ProvisionAnswer:
    """Begin giving this server access to the person's Nextcloud; without scopes everything."""
    return await account.login.provision(account.caller, scopes, account.present)


@toolbox.read(modes=LOGIN_FLOW, **_SIGN_IN)
async def nc_auth_check_status(account: Account) -> StatusAnswer:
    """See whether the person granted access; call every 5 seconds while it is pending."""
    return await account.login.check(account.caller)


@toolbox.update(modes=LOGIN_FLOW, **_SIGN_IN)
async def nc_auth_update_scopes(account: Account, add_scopes: Scopes = None, remove_scopes: Scopes = None) -> UpdateAnswer:
    """Ask the person to widen or narrow the access they gave; until they do the old access stays."""
    return await account.login.update(account.caller, add_scopes, remove_scopes, account.present)


@toolbox.delete(title="Revoke access", modes=WITH_TOKENS, **_SIGN_IN)
async def revoke_nextcloud_access(account: Account) -> RevokeAnswer:
    """Take this server's access to the person's Nextcloud back, also in the background."""
    return await account.login.revoke(account.caller)


@toolbox.read(title="Access given", modes=WITH_TOKENS, **_SIGN_IN)
async def check_provisioning_status(account: Account) -> OlderStatusAnswer:
    """See what access the person gave (nc_auth_check_status tells more)."""
    return await account.login.status(account.caller)


@toolbox.read(modes=WITH_TOKENS, **_SIGN_IN)
async def check_logged_in(account: Account) -> LoggedInAnswer:
    """See whether the person gave access."""
    status = await account.login.status(account.caller)
    return LoggedInAnswer(success=True, result="yes" if status.is_provisioned else "no: provision_nextcloud_access begins the sign-in")


@toolbox.create(title="Give access", modes=WITH_TOKENS, **_SIGN_IN)
async def provision_nextcloud_access(account: Account) -> OlderProvisionAnswer:
    """Begin giving access to everything, also while the person is away."""
    return await account.login.consent(account.caller, account.present)


APP = NextcloudApp(name="auth", title="Sign-in", tools=toolbox)
