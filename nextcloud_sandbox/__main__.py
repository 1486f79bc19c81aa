"""`python -m nextcloud_sandbox`: prints `ready URL` on one line when it answers, and stops on SIGINT or SIGTERM."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from nextcloud_sandbox.server import running


async def serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(stop.set))
    async with running(
        options.port, options.data, options.prefix, host=options.host, index_php=options.index_php, seed=not options.empty
    ) as sandbox:
        if options.with_app_password:
            made = sandbox.sandbox.new_app_password(options.with_app_password, "demo")
            sys.stdout.write(f"app-password {made.user} {made.token}\n")
        sys.stdout.write(f"ready {sandbox.url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="nextcloud_sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0 takes a free port")
    parser.add_argument("--data", type=Path, help="folder that keeps the state; without it everything is forgotten at the end")
    parser.add_argument("--prefix", default="", help="serve below this path, for example /cloud")
    parser.add_argument("--index-php", action="store_true", help="app addresses need /index.php, as without URL rewriting")
    parser.add_argument("--empty", action="store_true", help="accounts only, no demo data")
    parser.add_argument("--with-app-password", metavar="USER", help="also print `app-password USER PASSWORD` before the ready line")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
