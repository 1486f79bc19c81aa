"""Input schemas as small as a model needs: no titles, no null unions, no references.

Some models cannot follow `$ref`, and every key costs tokens in each conversation.
"""

import inspect
from collections.abc import Mapping
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from nextcloud_mcp_server.core.page import Page
from nextcloud_mcp_server.core.tools import Injected, Run, Tool

Schema = dict[str, Any]
_NOISE = frozenset({"title", "additionalProperties", "minimum", "maximum"})
"""Bounds are checked all the same, and an error names the one that was crossed."""


class _NullIsLeftOut(GenerateJsonSchema):
    """An optional argument is one that is not required; null unions and empty defaults say nothing more."""

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if not made.get("default", ...):
            del made["default"]
        return made


def injected(run: Run) -> dict[str, type[Injected]]:
    """The parameters that the server fills in, by name."""
    found = inspect.signature(run, eval_str=True).parameters.values()
    return {p.name: p.annotation for p in found if isinstance(p.annotation, type) and issubclass(p.annotation, Injected)}


def arguments(run: Run) -> type[BaseModel]:
    """A model of the parameters that the assistant fills in; unknown ones are refused."""
    hidden = injected(run)
    fields: dict[str, Any] = {
        p.name: (p.annotation, ... if p.default is p.empty else p.default)
        for p in inspect.signature(run, eval_str=True).parameters.values()
        if p.name not in hidden
    }
    config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, str_strip_whitespace=False)
    return create_model(run.__name__, __config__=config, **fields)


def input_schema(model: type[BaseModel]) -> Schema:
    """The JSON schema of `model`: one flat object."""
    raw = model.model_json_schema(schema_generator=_NullIsLeftOut, by_alias=True)
    definitions: Mapping[str, Schema] = raw.pop("$defs", {})
    made = _small(raw, definitions)
    made.setdefault("properties", {})
    return made


def output_schema(tool: Tool) -> Schema:
    """The JSON schema of a tool's answer, in the same small form. Nothing but `success` is required: nulls are left out."""
    returned = inspect.signature(tool.run, eval_str=True).return_annotation
    made: Schema
    if get_origin(returned) is Page:
        items = {"type": "array", "items": _serialized(get_args(returned)[0])}
        made = {"properties": {tool.items: items, tool.total: {"type": "integer"}, "next_cursor": {"type": "string"}}}
    elif isinstance(returned, type) and issubclass(returned, BaseModel):
        made = _serialized(returned)
    else:
        made = {}
    return {**made, "type": "object", "properties": {"success": {"type": "boolean"}, **made.get("properties", {})}, "required": ["success"]}


def _serialized(kind: Any) -> Schema:
    raw = TypeAdapter(kind).json_schema(schema_generator=_NullIsLeftOut, mode="serialization", by_alias=True)
    return _optional(_small(raw, raw.pop("$defs", {})))


def _optional(node: Any) -> Any:
    if isinstance(node, list):
        return [_optional(one) for one in cast(list[Any], node)]
    if not isinstance(node, dict):
        return node
    fields = cast(Schema, node)
    return {key: _optional(value) for key, value in fields.items() if key != "required" or not isinstance(value, list)}


def _small(node: Schema, definitions: Mapping[str, Schema]) -> Schema:
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        target = {key: value for key, value in definitions.get(name, {"type": "object"}).items() if key != "description"}
        definitions = {key: value for key, value in definitions.items() if key != name}  # one inside itself is told no further
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    made: Schema = {}
    for key, value in node.items():
        if key in _NOISE and not (key == "additionalProperties" and isinstance(value, dict) and value):
            continue
        if key == "properties":
            made[key] = {name: _small(inner, definitions) for name, inner in cast(dict[str, Schema], value).items()}
        else:
            made[key] = _inner(value, definitions)
    return made


def _inner(value: Any, definitions: Mapping[str, Schema]) -> Any:
    if isinstance(value, dict):
        return _small(cast(Schema, value), definitions)
    if isinstance(value, list):
        return [_inner(one, definitions) for one in cast(list[Any], value)]
    return value
