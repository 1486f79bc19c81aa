"""The OpenAPI 3.1 description of the declared operations."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request

from nextcloud_mcp_server.web.management.calls import Api
from nextcloud_mcp_server.web.management.operations import PREFIX, Operation
from nextcloud_mcp_server.web.management.shapes import Refused

REFERENCE = "#/components/schemas/{model}"
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "bearer": [{"bearer": []}],
    "basic": [{"basic": []}],
    "none": [],
    "optional": [{}, {"bearer": []}],
}


class Document(BaseModel, extra="allow"):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


def with_document(operations: Sequence[Operation]) -> list[Operation]:
    """The operations and one more that describes them all."""
    described: list[Operation] = []

    async def document(api: Api, _: Request) -> Document:
        return Document.model_validate(described_as(described, api.features.version.split(".")[0]))

    described += [*operations, Operation("GET", "/openapi.json", "This description", document, Document, "none")]
    return described


def described_as(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The document; `version` is that of the server, as far as everybody may know it."""
    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    security = {"bearer": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Nextcloud MCP server: management", "version": version},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": security},
    }


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    always = (405, 503) if operation.security == "none" else (401, 405, 503)
    # A user id with a slash in it is no user id: there is no such path.
    always = (*always, 404) if "{user}" in operation.path else always
    refused = {"description": "Refused", "content": _json(Refused, schemas)}
    answers = {str(status): refused for status in sorted({*always, *operation.refusals})}
    told: dict[str, Any] = {
        "operationId": operation.run.__name__,
        "summary": operation.summary,
        "security": _SECURITY[operation.security],
        "responses": {"200": {"description": "Success", "content": _json(operation.answer, schemas)}, **answers},
    }
    if operation.body:
        needed = bool(operation.body.model_json_schema().get("required"))
        told["requestBody"] = {"required": needed, "content": _json(operation.body, schemas)}
    if "{user}" in operation.path:
        schema = {"type": "string", "minLength": 1}
        told["parameters"] = [{"name": "user", "in": "path", "required": True, "schema": schema, "description": "Nextcloud user id"}]
    return told


def _json(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=REFERENCE)
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return {"application/json": {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}}
