"""Static checks, all of them every time: `make check`. Exits with 1 if one fails."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
CHECKS: dict[str, list[str]] = {
    "lint": [str(BIN / "ruff"), "check", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "types": [str(BIN / "pyright")],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
    "sizes": [sys.executable, "-m", "scripts.sizes"],
    "locks": [sys.executable, "-m", "scripts.locks"],
    "docs": [sys.executable, "-m", "scripts.docs", "--check"],
}


def main() -> int:
    failed: list[str] = []
    for name, command in CHECKS.items():
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name}", flush=True)
        shown = (
            done.stdout + done.stderr if done.returncode else "\n".join(line for line in done.stdout.splitlines() if line.startswith("= "))
        )
        if shown:
            print(shown)
        if done.returncode:
            failed.append(name)
    print(f"{len(CHECKS) - len(failed)} checks passed, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
