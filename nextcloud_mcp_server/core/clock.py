"""The one place that asks what time it is, so that a test can answer."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
