"""`make bench`: runs every benchmark and writes `docs/benchmarks.md`. Name modules to run only those."""

import asyncio
import importlib
import os
import pkgutil
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import benchmarks
from benchmarks.rows import Row

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`. Each row is measured within one run beside its floor, in turns, so that the ratio holds where the milliseconds
do not. Times are p50 / p95.
"""

COLUMNS = "| what | figure | floor | ratio | target | met |\n|---|---|---|---|---|---|\n"


def modules(names: list[str]) -> list[str]:
    found = [one.name for one in pkgutil.iter_modules(benchmarks.__path__)]
    return [name for name in found if (not names or name in names) and hasattr(importlib.import_module(f"benchmarks.{name}"), "rows")]


async def section(name: str) -> str:
    module = importlib.import_module(f"benchmarks.{name}")
    rows: list[Row] = await module.rows()
    text = f"## {name.replace('_', ' ').capitalize()}\n\n{module.__doc__.strip()}\n\n{COLUMNS}" + "".join(row.line() + "\n" for row in rows)
    print(text, flush=True)
    return text


async def main() -> None:
    chosen = modules(sys.argv[1:])
    cores = len(os.sched_getaffinity(0))
    where = f"\n{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {cores} cores, Python {platform.python_version()}.\n\n"
    sections = [await section(name) for name in chosen]
    if not sys.argv[1:]:
        PAGE.write_text(HEAD + where + "\n".join(sections))


if __name__ == "__main__":
    asyncio.run(main())
