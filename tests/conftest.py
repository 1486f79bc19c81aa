"""What every test may use."""

import pytest
from hypothesis import settings

NOTES: list[str] = []
"""Lines for the end of the run: what was left out and why, shares that were covered."""

settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")
"""A busy machine is slow; with `CI` set Hypothesis draws the same examples each time, and here too."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if NOTES:
        terminalreporter.section("said by the tests")
        for line in dict.fromkeys(NOTES):
            terminalreporter.write_line(line)
