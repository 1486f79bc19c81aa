"""What the modules with tools of files share."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("files")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(_lower)
Scope = Annotated[str, Field(description="Folder to search below; empty for all.")]
