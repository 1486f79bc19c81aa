"""The engine's process: `python -m nextcloud_mcp_server.index.engine SOCKET VECTORS CACHE [MODEL]`, options as JSON on stdin."""

import asyncio
import fcntl
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import orjson

from nextcloud_mcp_server.index.engine import heap
from nextcloud_mcp_server.index.engine.service import Connections, Service
from nextcloud_mcp_server.index.store.edge import full

TAKEN = 3
"""Exit status where another engine owns the store."""


async def run(socket: Path, vectors: Path, cache: Path, model: Path | None, options: dict[str, float]) -> None:
    service = Service(vectors, cache, model, rest=options["rest"])
    connections = Connections(service)
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    server = await asyncio.start_unix_server(connections.serve, socket)
    try:
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), options["look"])
            await service.rest()
            unused = service.idle() > options["idle"] and not full(vectors)  # on a full disk the next one may not start
            if unused or (connections.alone() > options["linger"] and service.idle() > 0):
                break
    finally:
        # What runs is finished before the store closes.
        server.close()
        connections.close()
        await service.close()


def main() -> None:
    socket, vectors, cache, *model = (Path(argument) for argument in sys.argv[1:])
    options: dict[str, float] = orjson.loads(sys.stdin.buffer.read())
    logging.basicConfig(level=logging.WARNING)
    os.umask(0o077)
    heap.keep_small()
    vectors.mkdir(parents=True, exist_ok=True)
    with (vectors / "owner").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(TAKEN)
        socket.unlink(missing_ok=True)
        asyncio.run(run(socket, vectors, cache, model[0] if model else None, options))
        sys.stderr.flush()
        # Worker threads of the libraries are not worth waiting for.
        os._exit(0)


if __name__ == "__main__":
    main()
