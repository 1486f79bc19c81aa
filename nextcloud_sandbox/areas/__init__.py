"""One folder per area of the API; each exposes `AREA`. A new folder needs no change anywhere else.

How to write one (the notes area is a short example):

* `routes = Routes("deck")`, then `@routes.app("GET", "/apps/deck/api/v1.0/boards/{id:\\d+}")`, `@routes.ocs("GET", "/apps/deck/...")`
  (without /ocs/v2.php) or `@routes.dav("PROPFIND", "/remote.php/dav/...")` on `async def handler(call: Call) -> web.StreamResponse`. The
  family decides who may call and how refusals look; `Access` narrows it. An app's odd catch-all is a last route with `{rest:.*}`.
* Answer with `call.json(data, status, headers)`, `ocs.ok(call, data)`, `ocs.fail(call, status, message)`, `dav.multistatus(entries)`,
  `calls.html(status, text)`; raise `DavError`, `Refusal(response)` or `ocs.refuse(...)` from below.
* Keep state in `call.sandbox.slot("deck", Boards)`: dataclasses that can be pickled, at module level. A GET that writes calls
  `sandbox.touch()`. Times come from `sandbox.now()`, numbers from `sandbox.next_id()`, parameters from `await call.params()`.
* Files: `call.sandbox.files(user)`. Shares: `files(recipient).mount(name, node, "shared", permissions=..., source=id)`; who deletes such
  a mount causes `mount.removed`. `Area.file_properties` replaces oc:share-types and nc:sharees. `sandbox.listeners` hear every change.
* `Area(name, routes, seed, capabilities, ...)`: `name` is the app id that capabilities and `sandbox.enabled` know.
* Recordings: copy them to tests/captures/<area>, add tests/sandbox/recorded/<area>.py with a `PLAN`, run tests/sandbox/test_recorded.py.
"""
