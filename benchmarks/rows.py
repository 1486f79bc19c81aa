"""What a benchmark reports: ratios within one run, against a named floor."""

import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure of the table; `target` as the text of the promise, `met` None where there is none."""

    what: str
    figure: str
    floor: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    def line(self) -> str:
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        return f"| {self.what} | {self.figure} | {self.floor} | {self.ratio} | {self.target} | {met} |"


@dataclass(frozen=True)
class Times:
    """Seconds of repeated runs."""

    seconds: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[18]

    def __str__(self) -> str:
        return f"{self.p50 * 1000:.2f} / {self.p95 * 1000:.2f} ms"


def progress(what: str) -> None:
    """Tells whoever waits how far a long benchmark is."""
    sys.stderr.write(f"  {time.strftime('%H:%M:%S')} {what}\n")
    sys.stderr.flush()


def compared(what: str, ours: Times, floor: Times, target: float) -> Row:
    """Ours over the floor at p50, with p95 told."""
    ratio = ours.p50 / floor.p50
    return Row(what, str(ours), str(floor), f"{ratio:.2f} (p95 {ours.p95 / floor.p95:.2f})", f"<= {target}", ratio <= target)


async def interleaved(count: int, *runs: Callable[[], Awaitable[object]]) -> list[Times]:
    """Runs the candidates in turn, so that a busy machine burdens all alike; the first tenth warms up."""
    seconds: list[list[float]] = [[] for _ in runs]
    for number in range(count + count // 10):
        for mine, run in zip(seconds, runs, strict=True):
            started = time.perf_counter()
            await run()
            if number >= count // 10:
                mine.append(time.perf_counter() - started)
    return [Times(mine) for mine in seconds]
