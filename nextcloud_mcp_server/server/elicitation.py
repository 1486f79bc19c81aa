"""Showing a person an address by their client: URL-mode elicitation (MCP 2025-11-25 and newer), where the client has it."""

import uuid
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from nextcloud_mcp_server.auth.provisioning.account import Decision, Present, cannot_present

_DECISIONS: dict[str, Decision] = {"accept": "accepted", "decline": "declined", "cancel": "cancelled"}


def presenter(context: Any) -> Present:
    """How this request's client shows an address. Clients of the 2026-07-28 protocol get it in the answer.

    That protocol asks by answering the call itself and having it called again, which would begin every flow twice.
    """
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS or not _has_url_mode(context):
        return cannot_present

    async def present(url: str, message: str) -> Decision | None:
        try:
            result = await context.session.elicit_url(message, url, uuid.uuid4().hex)
        except MCPError:
            return None
        return _DECISIONS.get(result.action)

    return present


def _has_url_mode(context: Any) -> bool:
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and elicitation.url is not None
