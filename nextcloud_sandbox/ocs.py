"""The OCS envelope: v1 and v2, JSON and XML."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from nextcloud_sandbox.calls import JSON, Call, Refusal, dumps, reply

UNKNOWN = "Invalid query, please check the syntax. API specifications are here: http://www.freedesktop.org/wiki/Specifications/open-collaboration-services.\n"
HTTP_OF = {997: 401, 998: 404, 996: 500, 999: 500}


def ok(call: Call, data: Any = (), headers: Mapping[str, str] | None = None, status: int = 200) -> web.Response:
    """A success; v1 says statuscode 100, v2 the HTTP status."""
    return envelope(call, status, "OK", data, headers)


def fail(call: Call, status: int, message: str = "", data: Any = (), headers: Mapping[str, str] | None = None) -> web.Response:
    """An error. `status` is an OCS status code: 997 becomes HTTP 401, 998 404, 101..199 HTTP 400; v1 answers HTTP 200 except for 401."""
    return envelope(call, status, message, data, headers)


def refuse(call: Call, status: int, message: str = "") -> Refusal:
    return Refusal(fail(call, status, message))


def envelope(call: Call, code: int, message: str, data: Any, headers: Mapping[str, str] | None) -> web.Response:
    success = 200 <= code < 300
    http = HTTP_OF.get(code, 400 if code < 200 else code)
    if call.match.ocs_version == 1 and http != 401:
        http = 200
    if call.match.ocs_version == 1 and code == 200:
        code = 100
    meta: dict[str, Any] = {"status": "ok" if success else "failure", "statuscode": code, "message": message}
    if call.match.ocs_version == 1:
        meta |= {"totalitems": "", "itemsperpage": ""}
    if wants_json(call):
        return reply(http, dumps({"ocs": {"meta": meta, "data": data}}), JSON, headers)
    body = '<?xml version="1.0"?>\n<ocs>\n' + to_xml({"meta": meta, "data": data}, 1) + "</ocs>\n"
    return reply(http, body.encode(), "application/xml; charset=utf-8", headers)


def wants_json(call: Call) -> bool:
    """The query's format decides, then Accept; XML is the default."""
    asked = call.request.query.get("format")
    return asked == "json" if asked else "application/json" in call.header("Accept")


def to_xml(data: Any, depth: int) -> str:
    """Nested values as OCS writes them: list items are <element>, true is 1, false and null are empty."""
    pairs: list[tuple[str, Any]] = [(str(k), v) for k, v in data.items()] if isinstance(data, dict) else [("element", v) for v in data]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType, reportUnknownMemberType]
    return "".join(" " * depth + element(key, value, depth) for key, value in pairs)


def element(key: str, value: Any, depth: int) -> str:
    if key.startswith("$comment"):
        return f"<!--{value}-->\n"
    name = "element" if key.isdigit() else key
    if isinstance(value, dict | list | tuple):
        return f"<{name}>\n{to_xml(value, depth + 1)}{' ' * depth}</{name}>\n" if value else f"<{name}/>\n"
    text = {True: "1", False: "", None: ""}.get(value, str(value)) if isinstance(value, bool | None) else escape(str(value))
    return f"<{name}>{text}</{name}>\n"
