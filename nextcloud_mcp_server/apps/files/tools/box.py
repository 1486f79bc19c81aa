"""What the modules with tools of files share."""

from typing import Any

from pydantic import BeforeValidator

from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("files")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(_lower)
