"""A Nextcloud of one note that takes a fixed time to answer: `python -m benchmarks.backend MILLISECONDS`, prints its port."""

import asyncio
import sys

from aiohttp import web

NOTE = b'{"id":7,"title":"A note","modified":1795221547,"category":"Work","favorite":false,"readonly":false,"content":"hello","etag":"abc"}'
CAPABILITIES = (
    b'{"ocs":{"meta":{"status":"ok","statuscode":200},"data":{"version":{},'
    b'"capabilities":{"notes":{},"deck":{},"cookbook":{},"tables":{},"files":{}}}}}'
)
PATH = "/index.php/apps/notes/api/v1/notes/7"


async def serve(milliseconds: float) -> None:
    async def note(_: web.Request) -> web.Response:
        await asyncio.sleep(milliseconds / 1000)
        return web.Response(body=NOTE, content_type="application/json")

    async def capabilities(_: web.Request) -> web.Response:
        return web.Response(body=CAPABILITIES, content_type="application/json")

    application = web.Application()
    application.add_routes([web.get(PATH, note), web.get("/ocs/v2.php/cloud/capabilities", capabilities)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
