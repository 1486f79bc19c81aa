"""Resources and prompts: the same visibility and the same injection as tools."""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import unquote

import mcp_types as mcp
from pydantic import ValidationError

from nextcloud_mcp_server.auth.scopes import OIDC
from nextcloud_mcp_server.core.app import NextcloudApp, Prompt, Resource
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.server.binding import Call
from nextcloud_mcp_server.server.catalog import in_scope
from nextcloud_mcp_server.server.schema import arguments, injected, input_schema
from nextcloud_mcp_server.server.shaping import compact, explain

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Found:
    """A resource that a URI names, with the values of its placeholders."""

    resource: Resource
    values: Mapping[str, str]


@dataclass(frozen=True)
class Shelf:
    """The resources and prompts of the apps that a caller sees."""

    apps: Iterable[NextcloudApp]
    scopes: frozenset[str] | None

    @cached_property
    def resources(self) -> list[Resource]:
        return [one for app in self.apps for one in app.resources if self._covers(one.scopes)]

    @cached_property
    def prompts(self) -> dict[str, Prompt]:
        return {one.name: one for app in self.apps for one in app.prompts if self._covers(one.scopes)}

    def _covers(self, needed: frozenset[str]) -> bool:
        """What needs no scope in particular needs any of an app: a token that only says who somebody is opens nothing."""
        return in_scope(needed, self.scopes) and (self.scopes is None or bool(self.scopes - OIDC))

    def find(self, uri: str) -> Found:
        """The resource behind a URI. Raises NotFound with the URIs there are."""
        for resource in self.resources:
            if match := _pattern(resource.uri).fullmatch(uri):
                return Found(resource, {name: unquote(value) for name, value in match.groupdict().items()})
        raise NotFound(f"There is no resource {uri[:200]!r}.", candidates=[one.uri for one in self.resources])

    def prompt(self, name: str, given: Mapping[str, str]) -> mcp.GetPromptResult:
        """A prompt with its placeholders filled in. Raises NotFound, InvalidValue."""
        prompt = self.prompts.get(name)
        if prompt is None:
            raise NotFound(f"There is no prompt {name[:64]!r}.", candidates=self.prompts)
        missing = [argument for argument in prompt.arguments if not given.get(argument)]
        if missing:
            raise InvalidValue(f"The prompt {name} needs {' and '.join(missing)}.")
        text = _PLACEHOLDER.sub(lambda match: given.get(match[1], match[0]), prompt.text)
        message = mcp.PromptMessage(role="user", content=mcp.TextContent(type="text", text=text))
        return mcp.GetPromptResult(description=prompt.description, messages=[message])


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(template)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)))


def templated(resource: Resource) -> bool:
    return "{" in resource.uri


async def read(found: Found, uri: str, call: Call) -> mcp.TextResourceContents | mcp.BlobResourceContents:
    """The content of a resource as text or, for bytes, as a blob."""
    model = arguments(found.resource.read)
    try:
        given = model.model_validate(dict(found.values))
    except ValidationError as error:
        raise InvalidValue(explain(error, input_schema(model))) from None
    filled = {name: await _client(kind, call) for name, kind in injected(found.resource.read).items()}
    value = await found.resource.read(**filled, **{name: getattr(given, name) for name in given.model_fields_set})
    return content(uri, found.resource.mime_type, value)


def content(uri: str, mime_type: str, value: Any) -> mcp.TextResourceContents | mcp.BlobResourceContents:
    """Text stays text, bytes become a blob, everything else JSON. `(bytes, type)` names its own type."""
    if isinstance(value, tuple):
        value, mime_type = cast("tuple[bytes, str]", value)
    if isinstance(value, bytes):
        return mcp.BlobResourceContents(uri=uri, mime_type=mime_type, blob=base64.b64encode(value).decode())
    text = value if isinstance(value, str) else compact(value).decode()
    return mcp.TextResourceContents(uri=uri, mime_type=mime_type, text=text)


async def _client(kind: type[Any], call: Call) -> Any:
    if not issubclass(kind, Client):
        raise TypeError(f"a resource asks for {kind.__name__}, which nothing provides")
    return kind(await call.session())


async def complete(found: Resource, argument: str, text: str, call: Call) -> list[str]:
    """At most 100 completions of one placeholder."""
    if found.complete is None:
        return []
    filled = {name: await _client(kind, call) for name, kind in injected(found.complete).items()}
    return (await found.complete(**filled, argument=argument, text=text))[:100]
