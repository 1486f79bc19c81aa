"""Killed at a hundred random moments, the index is what a fresh one would be."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.index.killing import contents

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.timeout(300)
async def test_an_index_killed_at_random_moments_equals_a_fresh_one(seed: int, tmp_path: Path) -> None:
    run(tmp_path, seed, 50)
    assert await contents(tmp_path / "killed") == await contents(tmp_path / "fresh")


def run(folder: Path, seed: int, kills: int) -> None:
    command = [sys.executable, "-m", "tests.faults.index.killing", str(folder), str(seed), str(kills)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
