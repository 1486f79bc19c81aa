"""`python -m tests.faults.index.killing FOLDER SEED KILLS`: an indexing process killed at random moments while Nextcloud changes.

KILLS counts those that hit a process that was still working, and it goes on until there were so many. Children are
forked from a process that has only imported, so that a kill comes at any moment of the work and not of the imports.
"""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.unit.index.world import Cloud, WordsEmbedder, World

WORDS = ["zeppelin", "garden", "bread", "window", "river", "mountain", "letter", "summer", "engine", "paper"]


def change(cloud: Cloud, chance: random.Random) -> None:
    """A few random things that people do."""
    for _ in range(chance.randint(1, 6)):
        doc_type, owner = chance.choice(["note", "file"]), chance.choice(["alice", "bob"])
        id = f"{owner}{chance.randint(1, 12)}"
        there = doc_type in cloud.shelves and id in cloud.shelves[doc_type].documents
        text = " ".join(f"{chance.choice(WORDS)}." for _ in range(chance.choice([3, 60, 300])))
        doing = chance.choice(["write", "write", "move", "delete", "share"])
        if not there:
            cloud.put(doc_type, id, text, owner, path=f"/{id}.md")
        elif doing == "write":
            cloud.change(doc_type, id, text=text)
        elif doing == "move":
            cloud.change(doc_type, id, path=f"/moved/{chance.randint(1, 9)}.md")
        elif doing == "share":
            cloud.share(doc_type, id, *chance.choice([["alice", "bob"], []]))
        elif len(cloud.shelves[doc_type].documents) > 6:
            cloud.remove(doc_type, id)


async def index(folder: Path, cloud: Cloud) -> None:
    world = await World.make(folder, WordsEmbedder(), cloud)
    # What a killed process had claimed would come back after its lease; here at once.
    await world.database.run("update index_job set lease_until = 0")
    await world.sync()
    await world.close()


async def contents(folder: Path) -> object:
    world = await World.make(folder)
    found = await world.contents()
    await world.close()
    return found


def child(folder: Path, cloud: Cloud) -> int:
    process = os.fork()
    if process == 0:
        asyncio.run(index(folder, cloud))
        os._exit(0)
    return process


def main() -> None:
    folder, seed, kills = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    cloud = Cloud()
    for _ in range(10):
        change(cloud, chance)
    started = time.monotonic()
    os.waitpid(child(folder / "warm", cloud), 0)
    whole = time.monotonic() - started
    hits = 0
    while hits < kills:
        change(cloud, chance)
        process = child(folder / "killed", cloud)
        time.sleep(chance.uniform(0, whole))
        ended, _ = os.waitpid(process, os.WNOHANG)
        if ended:
            whole *= 0.9
        else:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            hits += 1
    os.waitpid(child(folder / "killed", cloud), 0)
    os.waitpid(child(folder / "fresh", cloud), 0)


if __name__ == "__main__":
    (Path(sys.argv[1])).mkdir(exist_ok=True)
    for name in ("warm", "killed", "fresh"):
        (Path(sys.argv[1]) / name).mkdir(exist_ok=True)
    main()
