"""The scanner for secrets finds them where they are; without that its silence would say nothing."""

import sqlite3
from pathlib import Path

import pytest

from tests.e2e.leaks import Watch

TOKEN = "a-secret-token-of-some-length"


def test_a_secret_in_a_log_is_found() -> None:
    one = Watch()
    one.tokens({"access_token": TOKEN})
    one.said.append(("the log", ["INFO nothing\n", f"DEBUG sent {TOKEN}\n"]))
    assert one.found() == ["access_token is in the log"]


@pytest.mark.parametrize("value", [TOKEN, TOKEN.encode(), f"before {TOKEN} after"])
def test_a_secret_in_a_row_is_found(tmp_path: Path, value: str | bytes) -> None:
    one = Watch(databases=[tmp_path / "x.db"])
    one.secret("the token", TOKEN)
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("create table audit (event text, detail)")
        connection.execute("insert into audit values ('used', ?)", (value,))
    assert one.found() == ["the token is in x.db: audit"]


def test_a_basic_header_is_found_encoded_and_not() -> None:
    one = Watch()
    header = one.basic("alice", TOKEN)
    one.said += [("a", [header]), ("b", [TOKEN]), ("c", ["alice"])]
    assert one.found() == ["the header of alice is in a", "the password of alice is in b"]


def test_a_text_that_would_be_found_by_chance_is_no_secret() -> None:
    with pytest.raises(AssertionError):
        Watch().secret("a short one", "alice")
