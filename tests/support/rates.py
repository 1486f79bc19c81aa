"""Limits of tries count within windows of the clock; a test that runs over a full hour would see a new one begin."""

import time

import pytest

from nextcloud_mcp_server.auth.server.rates import Rates


@pytest.fixture(autouse=True)
def no_new_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tries of a test fall into one window."""
    now = time.time()
    monkeypatch.setitem(Rates.__init__.__kwdefaults__, "clock", lambda: now)
