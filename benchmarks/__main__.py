"""`make bench` runs every benchmark and writes `docs/benchmarks.md`; `make bench ONLY="scans freshness"` replaces the tables of those.

Each module of this package with a function `rows` is a benchmark. It runs in a process of its own, which is ended, with a row that says
so, when it takes longer than its `SECONDS` (180 where it names none).
"""

import asyncio
import importlib
import json
import os
import pkgutil
import platform
import re
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import benchmarks
from benchmarks.rows import Row, progress

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`; `make bench ONLY=scans` measures one group anew. Each row is measured within one run beside its floor, in turns
where that can be, so that the ratio holds where the milliseconds do not. Times are p50 / p95.
"""
COLUMNS = "| what | figure | floor | ratio | target | met |\n|---|---|---|---|---|---|\n"
SECONDS = 180
ONE = "--one"


def names() -> list[str]:
    """All benchmarks, in the order of the page."""
    found = [one.name for one in pkgutil.iter_modules(benchmarks.__path__) if not one.name.startswith("_")]
    return [name for name in found if hasattr(importlib.import_module(f"benchmarks.{name}"), "rows")]


async def measured(name: str) -> list[Row]:
    """The rows of a benchmark, run in a process of its own."""
    limit = getattr(importlib.import_module(f"benchmarks.{name}"), "SECONDS", SECONDS)
    progress(f"{name}, at most {limit} s")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks", ONE, name, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        async with asyncio.timeout(limit):
            said, _ = await child.communicate()
    except TimeoutError:
        return [Row(f"{name}: ended after {limit} s", "", target="ends by itself", met=False)]
    finally:
        # What it started is of its session, or ends when nobody is connected to it.
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
    if child.returncode:
        return [Row(f"{name}: failed with exit status {child.returncode}", "", target="runs", met=False)]
    return [Row(**row) for row in json.loads(said.splitlines()[-1])]


async def section(name: str) -> str:
    began = time.monotonic()
    rows = await measured(name)
    about = (importlib.import_module(f"benchmarks.{name}").__doc__ or "").strip()
    now = f"{datetime.now(UTC):%Y-%m-%d}, {time.monotonic() - began:.0f} s."
    text = f"## {title(name)}\n\n{about}\n\n{now}\n\n{COLUMNS}" + "".join(row.line() + "\n" for row in rows)
    print(text, flush=True)
    return text


def title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def page(fresh: Mapping[str, str]) -> str:
    """The page with these sections new and the others as they are."""
    kept = {part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]}
    sections = [fresh.get(name) or kept.get(title(name), "") for name in names()]
    where = f"\n{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}.\n\n"
    return HEAD + where + "\n".join(one for one in sections if one)


async def main() -> None:
    if sys.argv[1:2] == [ONE]:
        rows: list[Row] = await importlib.import_module(f"benchmarks.{sys.argv[2]}").rows()
        print(json.dumps([asdict(row) for row in rows]))
        return
    wanted = sys.argv[1:] or names()
    if unknown := sorted(set(wanted) - set(names())):
        sys.exit(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(names())}.")
    fresh = {name: await section(name) for name in wanted}
    PAGE.write_text(page(fresh))


if __name__ == "__main__":
    asyncio.run(main())
