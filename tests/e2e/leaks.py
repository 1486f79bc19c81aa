"""Looks for the secrets of a run where none may be: in everything that servers logged and in every row of their databases."""

import base64
import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHORT = 12
"""Characters below which a text says nothing: it would be found by chance."""


@dataclass
class Watch:
    """What was secret in a run, and where it must not be. `said` are logs, answers and errors; `databases` are SQLite files."""

    secrets: dict[str, str] = field(default_factory=dict[str, str])
    said: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])
    databases: list[Path] = field(default_factory=list[Path])

    def secret(self, what: str, value: str | None) -> str:
        """Remembers a secret; gives it back."""
        assert value
        assert len(value) >= SHORT, what
        self.secrets[value] = what
        return value

    def basic(self, login: str, password: str) -> str:
        """A Basic header of a pair, watched with its password."""
        self.secret(f"the password of {login}", password)
        encoded = base64.b64encode(f"{login}:{password}".encode()).decode()
        return f"Basic {self.secret(f'the header of {login}', encoded)}"

    def tokens(self, answer: dict[str, Any]) -> None:
        """The secrets of a token answer."""
        for name in ("access_token", "refresh_token", "id_token"):
            if answer.get(name):
                self.secret(name, answer[name])

    def found(self) -> list[str]:
        """Where which secret was found; empty is good."""
        places = [(name, "".join(lines)) for name, lines in self.said]
        places += [(f"{path.name}: {table}", rows) for path in self.databases if path.exists() for table, rows in _tables(path)]
        return sorted({f"{what} is in {place}" for place, text in places for value, what in self.secrets.items() if value in text})


def _tables(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    try:
        names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return [(name, json.dumps([_shown(row) for row in connection.execute(f"select * from {name}")])) for name in names]
    finally:
        connection.close()


def _shown(row: tuple[Any, ...]) -> list[Any]:
    return [value.decode("latin-1") if isinstance(value, bytes) else value for value in row]
