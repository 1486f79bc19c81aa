"""Which clients are shown an address, and what their answers mean."""

from types import SimpleNamespace
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from nextcloud_mcp_server.auth.provisioning.account import CANNOT
from nextcloud_mcp_server.server.elicitation import presenter, unless_asking

OLD, NEW = "2025-11-25", "2026-07-28"
URL = types.ElicitationCapability(url=types.UrlElicitationCapability())
RESULT = types.CallToolResult(content=[])


class Session:
    def __init__(self, elicitation: types.ElicitationCapability | None, says: str | None = "accept") -> None:
        self.client_capabilities = types.ClientCapabilities(elicitation=elicitation)
        self.says = says

    async def elicit_url(self, message: str, url: str, elicitation_id: str) -> Any:
        if self.says is None:
            raise MCPError(code=-32601, message="not supported")
        return SimpleNamespace(action=self.says)


def context(version: str, session: Session) -> Any:
    return SimpleNamespace(protocol_version=version, session=session)


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(
    "elicitation", [None, types.ElicitationCapability(), types.ElicitationCapability(form=types.FormElicitationCapability())]
)
def test_a_client_with_forms_alone_is_never_asked(version: str, elicitation: types.ElicitationCapability | None) -> None:
    assert presenter(context(version, Session(elicitation))) is CANNOT


@pytest.mark.parametrize(("says", "means"), [("accept", "accepted"), ("decline", "declined"), ("cancel", "cancelled"), (None, None)])
async def test_an_older_client_is_asked_while_the_call_waits(says: str | None, means: str | None) -> None:
    present = presenter(context(OLD, Session(URL, says)))
    assert present.answer("q") is None
    assert await present.show("q", "https://server/page", "Sign in.") == means
    assert unless_asking(present, RESULT) is RESULT


async def test_a_newer_client_gets_the_question_and_calls_again() -> None:
    present = presenter(context(NEW, Session(URL)))
    assert unless_asking(present, RESULT) is RESULT
    assert await present.show("q", "https://server/page", "Sign in.") is None
    asking = unless_asking(present, RESULT)
    assert isinstance(asking, types.InputRequiredResult)
    assert asking.model_dump(by_alias=True, exclude_none=True, mode="json") == {
        "resultType": "input_required",
        "inputRequests": {
            "q": {"method": "elicitation/create", "params": {"mode": "url", "message": "Sign in.", "url": "https://server/page"}}
        },
    }


@pytest.mark.parametrize(("action", "means"), [("accept", "accepted"), ("decline", "declined"), ("cancel", "cancelled")])
def test_an_answer_counts_for_its_own_question_only(action: Any, means: str) -> None:
    present = presenter(context(NEW, Session(URL)), {"q": types.ElicitResult(action=action), "roots": types.ListRootsResult(roots=[])})
    assert (present.answer("q"), present.answer("other"), present.answer("roots")) == (means, None, None)
