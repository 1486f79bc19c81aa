"""Lock files carry versions and hashes, never where a package was downloaded."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"https?://")


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "requirements", "*lock.json", "*.lock"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    bad = 0
    for name in listed.stdout.split():
        text = (ROOT / name).read_text()
        resolved = '"resolved"' in text if name.endswith(".json") else bool(ADDRESS.search(text))
        pinned = "--hash=" in text or '"integrity"' in text or name.endswith(".in")
        if resolved or not pinned:
            print(f"{name}: {'has download addresses' if resolved else 'has no hashes'}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
