"""No rule of sign-in and tokens hangs on an `assert` of the product: the tests of these rules pass where Python leaves those out.

pytest rewrites the asserts of test modules into plain conditions, so that they count under `python -O` too.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
RULES = [
    "tests/unit/auth/inbound",
    "tests/unit/auth/server",
    "tests/unit/auth/oidc/test_logout_tokens.py",
    "tests/unit/storage/test_vault.py",
    "tests/identity/test_own_server.py::test_a_wrong_request_is_told_to_the_client_with_the_issuer",
    "tests/identity/test_own_server.py::test_a_wrong_token_request_is_an_oauth_error",
]
OPTIONS = ["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestConfigWarning", "-k", "not pg and not ten_thousand"]
BROKEN = "def test_broken():\n    assert not __debug__\n    assert 1 == 2\n"


@pytest.mark.timeout(300)
def test_the_rules_hold_where_python_leaves_asserts_out_and_a_broken_one_would_be_noticed(tmp_path: Path) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text(BROKEN)
    command = [sys.executable, "-O", "-m", "pytest", *OPTIONS, *RULES, str(broken)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    told = re.search(r"(\d+) failed, (\d+) passed", done.stdout)
    assert told, done.stdout[-3000:] + done.stderr
    assert (int(told[1]), "test_broken - assert 1 == 2" in done.stdout) == (1, True), done.stdout
    assert int(told[2]) > 150
