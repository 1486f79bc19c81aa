"""`make test`: installs what the tests need beyond Python, runs everything this machine can, says what it skipped and why."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
NODE_FOLDERS = ("tests/providers/oidc_provider", "tests/clients/typescript")


def node_packages() -> None:
    """`npm ci` where Node is there and the lock is newer than what is installed."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is absent: tests with JavaScript clients and the second OpenID provider are skipped")
        return
    for folder in NODE_FOLDERS:
        lock, installed = ROOT / folder / "package-lock.json", ROOT / folder / "node_modules" / ".package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            done = subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel", "error"], cwd=ROOT / folder, check=False)
            print(f"npm ci in {folder}: {'done' if done.returncode == 0 else 'failed; its tests are skipped'}", flush=True)
            installed.touch() if done.returncode == 0 else None


def chromium() -> None:
    """Debian's Chromium for the browser tests, where this may be installed."""
    if shutil.which("chromium"):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        print("chromium is absent: tests in a real browser are skipped", flush=True)
        return
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update"], check=False, **quiet)
    done = subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], check=False, **quiet)
    print(
        f"Chromium for the browser tests: {'installed' if done.returncode == 0 else 'cannot be installed; those tests are skipped'}",
        flush=True,
    )


def main() -> int:
    node_packages()
    chromium()
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
