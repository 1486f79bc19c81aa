"""Building blocks of the settings tree: a section, a named setting, the forms of values."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict


class Section(BaseSettings):
    """One part of the tree. Every field names its environment variables; the first that is set wins."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=False, case_sensitive=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line options arrive as environment names too, so there is one source."""
        return (env_settings,)


def setting(*names: str, default: Any = ..., description: str, **constraints: Any) -> Any:
    """A field read from the first of `names` that is set."""
    given = {} if "default_factory" in constraints else {"default": default}
    return Field(validation_alias=AliasChoices(*names), description=description, **given, **constraints)


def data_directory() -> Path:
    """Where this user's programs keep data; in the container `/app/data`."""
    container = Path("/app/data")
    if container.is_dir():
        return container
    from platformdirs import user_data_path

    return user_data_path("nextcloud-mcp-server", appauthor=False)


def cache_directory() -> Path:
    """Where this user's programs keep what can be made again; in the container in `/app/data`."""
    container = Path("/app/data")
    if container.is_dir():
        return container / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("nextcloud-mcp-server", appauthor=False)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _url(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        return value
    url = value.strip().rstrip("/")
    if not url.startswith(("http://", "https://")) or "@" in url.split("/")[2]:
        raise ValueError("must be an address like https://cloud.example.org, without user and password")
    return url


CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
SecretList = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]
Url = Annotated[str, BeforeValidator(_url)]
Lower: Callable[[object], object] = _lower
