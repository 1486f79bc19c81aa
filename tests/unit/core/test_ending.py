"""Ending background tasks ends them, also those that lose a cancellation."""

import asyncio

from nextcloud_mcp_server.core.ending import end


async def test_a_task_that_loses_a_cancellation_is_ended_all_the_same() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost += 1

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task, again=0.05), 10)
    assert (lost, task.cancelled()) == (1, True)


async def test_failed_and_finished_tasks_are_no_trouble() -> None:
    async def failing() -> None:
        raise ValueError("no")

    async def finished() -> int:
        return 1

    tasks = [asyncio.create_task(failing()), asyncio.create_task(finished())]
    await asyncio.wait(tasks)
    await end(*tasks)
    await end()
    assert isinstance(tasks[0].exception(), ValueError)


async def test_whoever_ends_tasks_can_be_cancelled() -> None:
    async def deaf() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if hearing.is_set():
                    raise

    hearing = asyncio.Event()
    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    ending = asyncio.create_task(end(task))
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.wait([ending])
    assert ending.cancelled()
    hearing.set()
    await end(task)
