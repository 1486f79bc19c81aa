"""Showing a person an address by their client: URL-mode elicitation (MCP 2025-11-25 and newer), where the client has it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import mcp_types as mcp
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from nextcloud_mcp_server.auth.provisioning.account import CANNOT, Decision, Presenter

_DECISIONS: dict[str, Decision] = {"accept": "accepted", "decline": "declined", "cancel": "cancelled"}


def presenter(context: Any, answers: Mapping[str, Any] | None = None) -> Presenter:
    """How this request's client shows an address; `answers` are those that came with a call made again."""
    if not _has_url_mode(context):
        return CANNOT
    return InRounds(answers or {}) if context.protocol_version in MODERN_PROTOCOL_VERSIONS else AtOnce(context.session)


@dataclass(frozen=True)
class AtOnce(Presenter):
    """Up to 2025-11-25: the client is asked while the call waits."""

    session: Any

    async def show(self, question: str, url: str, message: str) -> Decision | None:
        try:
            result = await self.session.elicit_url(message, url, uuid.uuid4().hex)
        except MCPError:
            return None
        return _DECISIONS.get(result.action)


@dataclass(frozen=True)
class InRounds(Presenter):
    """From 2026-07-28: the call is answered with the question, and made again with what the person said.

    No `requestState` is needed: what was begun is kept for the caller, and the question names it.
    """

    answers: Mapping[str, Any]
    asked: dict[str, mcp.InputRequest] = field(default_factory=dict[str, mcp.InputRequest])

    def answer(self, question: str) -> Decision | None:
        given = self.answers.get(question)
        return _DECISIONS[given.action] if isinstance(given, mcp.ElicitResult) else None

    async def show(self, question: str, url: str, message: str) -> Decision | None:
        self.asked[question] = mcp.ElicitRequest(params=mcp.ElicitRequestURLParams(message=message, url=url))
        return None


def unless_asking(present: Presenter, result: mcp.CallToolResult) -> mcp.CallToolResult | mcp.InputRequiredResult:
    """The question instead of the result, where there is one."""
    return mcp.InputRequiredResult(input_requests=present.asked) if isinstance(present, InRounds) and present.asked else result


def _has_url_mode(context: Any) -> bool:
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and elicitation.url is not None
