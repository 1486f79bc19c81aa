"""Which of the four modes the settings choose; no silent fallback from one to another."""

from collections.abc import Mapping
from typing import Any

from nextcloud_mcp_server.settings.tree import Mode, Nextcloud

MODE_NAMES: Mapping[str, str] = {
    "MCP_AUTH_MODE": "The mode: single_user, basic, login_flow or oauth; unset: by the settings that are there",
    "MCP_DEPLOYMENT_MODE": "Older name of MCP_AUTH_MODE",
    "ENABLE_MULTI_USER_BASIC_AUTH": "Chooses the mode basic",
    "ENABLE_LOGIN_FLOW": "Chooses the mode login_flow",
}
"""What chooses the mode, with its meaning."""
_OLDER = {"single_user_basic": Mode.SINGLE_USER, "multi_user_basic": Mode.BASIC}
_USED_BY: Mapping[str, frozenset[Mode]] = {
    "NEXTCLOUD_USERNAME": frozenset({Mode.SINGLE_USER}),
    "NEXTCLOUD_PASSWORD": frozenset({Mode.SINGLE_USER}),
    "MCP_BEARER_TOKEN": frozenset({Mode.SINGLE_USER}),
    "ENABLE_MULTI_USER_BASIC_AUTH": frozenset({Mode.BASIC}),
    "ENABLE_LOGIN_FLOW": frozenset({Mode.LOGIN_FLOW}),
    "MCP_IDENTITY_PROVIDER": frozenset({Mode.LOGIN_FLOW, Mode.OAUTH}),
    "ALLOWED_MCP_CLIENTS": frozenset({Mode.LOGIN_FLOW, Mode.OAUTH}),
    "MCP_OAUTH_OUTBOUND": frozenset({Mode.OAUTH}),
    "MCP_IMPERSONATION": frozenset({Mode.OAUTH}),
}
"""Settings that not every mode uses. OIDC client settings are legal in Basic mode too (Astrolabe)."""
_TRUE = frozenset({"1", "true", "yes", "on"})


def choose_mode(sections: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[Mode | None, list[str]]:
    """The mode and the problems that stand against it: an explicit `MCP_AUTH_MODE` wins over detection."""
    nextcloud: Nextcloud = sections["nextcloud"]
    explicit = environment.get("MCP_AUTH_MODE") or environment.get("MCP_DEPLOYMENT_MODE")
    if explicit:
        mode = _named(explicit.strip().lower())
        if mode is None:
            return None, [f"MCP_AUTH_MODE is wrong, {explicit!r}: use one of {', '.join(Mode)}."]
    else:
        found = _detected(nextcloud, environment)
        if len(found) > 1:
            return None, [f"Settings of several modes are present ({'; '.join(found.values())}): remove all but one, or set MCP_AUTH_MODE."]
        mode = next(iter(found), Mode.OAUTH)
    return mode, _missing(mode, nextcloud)


def unused(mode: Mode, environment: Mapping[str, str]) -> list[str]:
    """A warning for settings that only another mode uses: an explicit choice silences what they would have chosen."""
    names = [name for name, modes in _USED_BY.items() if environment.get(name) and mode not in modes]
    return [f"{', '.join(sorted(names))}: not used in the mode {mode}."] if names else []


def _named(text: str) -> Mode | None:
    try:
        return _OLDER.get(text) or Mode(text)
    except ValueError:
        return None


def _detected(nextcloud: Nextcloud, environment: Mapping[str, str]) -> dict[Mode, str]:
    found: dict[Mode, str] = {}
    if nextcloud.username or nextcloud.password:
        found[Mode.SINGLE_USER] = "NEXTCLOUD_USERNAME, NEXTCLOUD_PASSWORD: single user"
    if environment.get("ENABLE_MULTI_USER_BASIC_AUTH", "").lower() in _TRUE:
        found[Mode.BASIC] = "ENABLE_MULTI_USER_BASIC_AUTH: pass-through"
    if environment.get("ENABLE_LOGIN_FLOW", "").lower() in _TRUE:
        found[Mode.LOGIN_FLOW] = "ENABLE_LOGIN_FLOW: Login Flow v2"
    return found


def _missing(mode: Mode, nextcloud: Nextcloud) -> list[str]:
    if mode is not Mode.SINGLE_USER:
        return []
    values = {"NEXTCLOUD_USERNAME": nextcloud.username, "NEXTCLOUD_PASSWORD": nextcloud.password}
    return [f"{name} is missing: single-user mode needs the login name and an app password." for name, value in values.items() if not value]
