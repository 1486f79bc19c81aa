"""Reading processes are warm for the next file, and give their memory back when there is none."""

import os
from collections.abc import AsyncIterator

import pytest

from nextcloud_mcp_server.text import Limits, Readers, Unreadable, readers
from tests.faults.text.test_poisoned_files import child_of
from tests.unit.text.conftest import pdf


async def one(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def test_the_next_file_is_read_by_the_same_process() -> None:
    async with Readers() as reading:
        seen: list[int] = []
        for number in range(3):
            found = await reading.extract(one(pdf([f"file {number}"])), "application/pdf")
            assert found.text.strip() == f"file {number}"
            seen.append(child_of(os.getpid()))
    assert len(set(seen)) == 1
    with pytest.raises(LookupError):
        child_of(os.getpid())


async def test_a_process_without_a_file_for_a_while_ends_and_the_next_file_gets_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "REST", 0.01)
    async with Readers() as reading:
        await reading.extract(one(pdf(["first"])), "application/pdf")
        (resting,) = reading._idle
        assert await resting.process.wait() != 0
        assert reading._idle == []
        assert (await reading.extract(one(pdf(["second"])), "application/pdf")).text.strip() == "second"


async def test_the_limits_of_the_server_hold_for_a_file_that_has_no_others() -> None:
    async with Readers(limits=Limits(pages=2)) as reading:
        found = await reading.extract(one(pdf(["page"] * 5)), "application/pdf")
        assert found.notes == ("cut after 2 of 5 pages",)
        with pytest.raises(Unreadable):
            await reading.extract(one(b""), "application/pdf")
