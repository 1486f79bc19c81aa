"""Log lines go to standard error: standard output belongs to MCP over stdio."""

import logging
import sys
from datetime import UTC, datetime

import orjson

TRACE = 5


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and the exception if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def configure(level: str, form: str) -> None:
    """Sets up the root logger; libraries stay at warning unless we debug."""
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    number = TRACE if level == "trace" else logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("nextcloud_mcp_server").setLevel(number)
    logging.getLogger("uvicorn.error").setLevel(max(logging.INFO, number))
