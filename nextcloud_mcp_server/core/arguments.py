"""Arguments that many tools share, with one wording."""

from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.core.page import MAX_LIMIT

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Field(description="next_cursor of the previous page.")]
Etag = Annotated[str | None, Field(description="As read; refuses to overwrite a newer version.")]
Offset = Annotated[int, Field(ge=0, description="First character of a long text.")]
Confirm = Annotated[bool, Field(description="Without it only tells what would happen.")]
