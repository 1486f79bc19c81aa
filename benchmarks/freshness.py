"""From a change of a note to its being found by a search: by webhook, and by scans every few seconds without webhooks.

The server runs as a process with the embedded model in front of a sandbox in another; the search is asked again and again (by words alone,
through the API, access verified). The floor is doing by hand what has to be done: getting the note and embedding it.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from benchmarks import generated, processes
from benchmarks.processes import Nextcloud
from benchmarks.rows import Row, Times, progress
from nextcloud_mcp_server.index.embed.build import ensure_model
from nextcloud_mcp_server.index.embed.local import LocalModel

CHANGES = 20
BY_SCAN = 6
INTERVAL = 5.0
SECONDS = 240
SECRET = "a-webhook-secret-for-benchmarks"
WITHIN = 5.0
LOOK = 0.02


async def rows() -> list[Row]:
    model = await asyncio.to_thread(ensure_model, processes.MODELS)
    async with processes.nextcloud() as box, aiohttp.ClientSession() as http:
        await box.do(generated.write_note, "alice", "First", "A note of tulips.")
        floor = await by_hand(box, http, model)
        async with served(box, model, {"VECTOR_SYNC_SCAN_INTERVAL": str(INTERVAL)}) as (url, env):
            await until_found(http, url, "tulips")
            scanned = Times([await found_after(box, http, url, f"scan{number}", wait) for number, wait in enumerate(waits())])
            progress("by scan: done")
        async with served(box, model, {"WEBHOOK_SECRET": SECRET}) as (url, env):
            await until_found(http, url, "tulips")
            await register(url, env)
            pushed = Times([await found_after(box, http, url, f"webhook{number}") for number in range(CHANGES)])
            progress("by webhook: done")
    hand = f"getting and embedding it by hand: {floor}"
    return [
        Row(
            "from a note's change to its being found, by webhook",
            shown(pushed),
            hand,
            f"{pushed.p50 / floor.p50:.0f}",
            f"<= {WITHIN:g} s",
            max(pushed.seconds) <= WITHIN,
        ),
        Row(
            f"from a note's change to its being found, by scans every {INTERVAL:g} s",
            shown(scanned),
            f"{hand}; half an interval: {INTERVAL / 2:g} s",
            f"{scanned.p50 / (INTERVAL / 2):.2f} of half an interval",
            f"<= the interval + {WITHIN:g} s",
            max(scanned.seconds) <= INTERVAL + WITHIN,
        ),
    ]


def shown(times: Times) -> str:
    return f"{times.p50:.2f} s (longest of {len(times.seconds)}: {max(times.seconds):.2f} s)"


@asynccontextmanager
async def served(box: Nextcloud, model: Path, more: dict[str, str]) -> AsyncGenerator[tuple[str, dict[str, str]]]:
    """A server with an empty index; its address and environment."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        env = {
            "NEXTCLOUD_HOST": box.url,
            "NEXTCLOUD_USERNAME": "alice",
            "NEXTCLOUD_PASSWORD": "alice",
            "MCP_DATA_DIR": folder,
            "EMBEDDING_MODEL_DIR": str(model),
            **more,
        }
        async with processes.server(env) as (url, _):
            yield url, env
        await processes.engine_ended(Path(folder))


async def by_hand(box: Nextcloud, http: aiohttp.ClientSession, model: Path) -> Times:
    loaded, seconds = await asyncio.to_thread(LocalModel, model), list[float]()
    for _ in range(CHANGES):
        began = time.perf_counter()
        async with http.get(f"{box.url}/remote.php/dav/files/alice/Notes/First.md", auth=aiohttp.BasicAuth("alice", "alice")) as answer:
            loaded.embed([await answer.text()])
        seconds.append(time.perf_counter() - began)
    return Times(seconds)


async def register(url: str, env: dict[str, str]) -> None:
    asked = ("webhooks", "register", "--url", url, "--admin", "admin", "--password", "admin")
    done = await asyncio.create_subprocess_exec(
        processes.COMMAND, *asked, env={**processes.basics(), **env}, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    if await done.wait():
        raise RuntimeError("the webhooks cannot be registered")


def waits() -> list[float]:
    """Moments of an interval at which notes change, evenly."""
    return [INTERVAL * number / BY_SCAN for number in range(BY_SCAN)]


async def found_after(box: Nextcloud, http: aiohttp.ClientSession, url: str, word: str, wait: float = 0) -> float:
    """Seconds from the change of a note, made after `wait`, to a search that finds it by its new word."""
    await asyncio.sleep(wait)
    await box.do(generated.write_note, "alice", "Changing", f"Now it is about {word} and nothing else.")
    began = time.perf_counter()
    await until_found(http, url, word)
    return time.perf_counter() - began


async def until_found(http: aiohttp.ClientSession, url: str, word: str) -> None:
    while True:
        async with http.post(f"{url}/api/v1/search", json={"query": word, "algorithm": "bm25"}) as answer:
            if answer.status == 200 and (await answer.json())["results"]:
                return
        await asyncio.sleep(LOOK)
