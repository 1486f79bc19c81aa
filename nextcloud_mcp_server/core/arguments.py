"""Arguments that many tools share, with one wording.

What the server's instructions say of all tools (paging, etags) is not said again in each.
"""

from typing import Annotated, Any

from pydantic import Field

from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, MAX_LIMIT


def _usual_unsaid(schema: dict[str, Any]) -> None:
    if schema.get("default") == DEFAULT_LIMIT:
        del schema["default"]


Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, json_schema_extra=_usual_unsaid)]
Cursor = str | None
Etag = str | None
Offset = Annotated[int, Field(ge=0, description="First character.")]
Confirm = Annotated[bool, Field(description="Without it only tells what would happen.")]
