"""What every test may use."""

import pytest

NOTES: list[str] = []
"""Lines for the end of the run: what was left out and why, shares that were covered."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if NOTES:
        terminalreporter.section("said by the tests")
        for line in dict.fromkeys(NOTES):
            terminalreporter.write_line(line)
