"""Reads the environment into the tree and says clearly what is wrong with it."""

import difflib
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import AliasChoices, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from nextcloud_mcp_server.settings.fields import Section
from nextcloud_mcp_server.settings.identity import Storage
from nextcloud_mcp_server.settings.modes import MODE_NAMES, choose_mode, unused
from nextcloud_mcp_server.settings.tree import Server, Settings

PREFIXES = ("NEXTCLOUD_", "MCP_", "OIDC_", "VECTOR_SYNC_", "SEARCH_", "DOCUMENT_", "TOKEN_", "QDRANT_", "OLLAMA_", "OPENAI_")


class SettingsError(Exception):
    """A setting is missing or wrong; one line each: name, value (secrets hidden), fix."""


def read(
    environment: Mapping[str, str] | None = None, *, overrides: Mapping[str, str] | None = None, env_file: Path | None = None
) -> Settings:
    """The tree from the process's environment, or from `environment` alone.

    `env_file` adds names that are not set; `overrides` (command line options) win. Raises SettingsError with every problem at once.
    """
    base = dict(os.environ if environment is None else environment)
    with _environment({**_from_file(env_file), **base, **(overrides or {})}):
        return _read()


def _read() -> Settings:
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, section in sections():
        try:
            values[name] = section()
        except ValidationError as error:
            problems += [_problem(section, cast(dict[str, Any], one)) for one in error.errors(include_url=False)]
    mode, more = (None, []) if problems else choose_mode(values, os.environ)
    problems += more
    cautions = warnings()
    if problems or mode is None:
        raise SettingsError("\n".join([*problems, *cautions]))
    return Settings.model_construct(**values, mode=mode, cautions=(*cautions, *unused(mode, os.environ)))


def read_storage(environment: Mapping[str, str] | None = None, *, overrides: Mapping[str, str] | None = None) -> tuple[Storage, Path]:
    """What is kept and where, and the data directory, for commands that need no Nextcloud. Raises SettingsError."""
    with _environment({**(os.environ if environment is None else environment), **(overrides or {})}):
        try:
            return Storage(), Server().data_dir
        except ValidationError as error:
            told = cast("list[dict[str, Any]]", error.errors(include_url=False))
            raise SettingsError("\n".join(_problem(_section_of(one), one) for one in told)) from None


def _section_of(error: Mapping[str, Any]) -> type[Section]:
    name = str(error["loc"][0]) if error["loc"] else ""
    return Storage if any(name in names_of(field) for field in Storage.model_fields.values()) else Server


def _from_file(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(path).items() if value is not None}


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Generator[None]:
    """The sections read the process's environment; for the moment it is exactly `wanted`."""
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(wanted)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def sections() -> Iterator[tuple[str, type[Section]]]:
    """The sections of the tree with their field names."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield name, field.annotation


def names_of(field: FieldInfo) -> tuple[str, ...]:
    """The environment variables a field is read from."""
    alias = field.validation_alias
    return tuple(str(choice) for choice in alias.choices) if isinstance(alias, AliasChoices) else ()


def known_names() -> frozenset[str]:
    """Every environment variable that means something."""
    fields = (field for _, section in sections() for field in section.model_fields.values())
    return frozenset(name for field in fields for name in names_of(field)) | MODE_NAMES.keys()


def warnings(environment: Mapping[str, str] | None = None) -> list[str]:
    """Names that look like settings and are none, with the one that was probably meant."""
    known = known_names()
    unknown = [name for name in (os.environ if environment is None else environment) if name not in known and name.isupper()]
    return [text for name in sorted(unknown) if (text := _resembling(name, known))]


def _resembling(name: str, known: frozenset[str]) -> str | None:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
    if close:
        return f"{name} is not a setting; did you mean {close[0]}?"
    return f"{name} is not a setting and is ignored." if name.startswith(PREFIXES) else None


def _problem(section: type[Section], error: dict[str, Any]) -> str:
    location = str(error["loc"][0]) if error["loc"] else ""
    field = next((f for f in section.model_fields.values() if location in names_of(f)), None)
    if field is None:
        field = section.model_fields.get(location)
    names = names_of(field) if field else (location,)
    name = next((n for n in names if n in os.environ), names[0] if names else location)
    meaning = f" ({field.description})" if field and field.description else ""
    if error["type"] == "missing":
        return f"{name} is missing{meaning}: set it."
    shown = "its value is hidden" if field and _is_secret(field) else repr(os.environ.get(name, error.get("input")))
    return f"{name} is wrong, {shown}{meaning}: {str(error['msg']).removeprefix('Value error, ')}."


def _is_secret(field: FieldInfo) -> bool:
    kinds = (field.annotation, *get_args(field.annotation))
    return any(kind is SecretStr or SecretStr in get_args(kind) for kind in kinds)
