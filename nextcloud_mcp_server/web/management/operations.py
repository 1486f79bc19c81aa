"""How an operation is declared, and how it becomes a route."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from nextcloud_mcp_server.auth.ports import Unauthorized
from nextcloud_mcp_server.core.errors import Delayed, NextcloudError, NotPermitted, NotProvisioned
from nextcloud_mcp_server.storage.errors import StorageError
from nextcloud_mcp_server.web.management.calls import Api, Refusal

PREFIX = "/api/v1"
Security = Literal["bearer", "basic", "none", "optional"]


@dataclass(frozen=True)
class Operation:
    """One operation. `path` comes after `/api/v1`; `refusals` are the statuses of 400 and above besides those of every call."""

    method: str
    path: str
    summary: str
    run: Callable[[Api, Request], Awaitable[BaseModel]]
    answer: type[BaseModel]
    security: Security = "bearer"
    body: type[BaseModel] | None = None
    refusals: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Path:
    """Everything at one path, as an ASGI application; it answers in the one shape of errors, whatever happens."""

    api: Api
    operations: dict[str, Operation]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = Request(scope, receive)
        method = "GET" if http.method == "HEAD" else http.method
        operation = self.operations.get(method)
        response = await _answered(self.api, operation, http) if operation else self._not_allowed()
        await response(scope, receive, send)

    def _not_allowed(self) -> JSONResponse:
        allow = ", ".join(sorted(self.operations))
        return _refused(Refusal(405, "method_not_allowed", f"Here is: {allow}.", {"Allow": allow}))


def routes(api: Api, operations: Sequence[Operation]) -> list[Route]:
    """The routes of all operations, those of one path together."""
    paths: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation
    return [Route(f"{PREFIX}{path}", _Path(api, found)) for path, found in paths.items()]


async def _answered(api: Api, operation: Operation, http: Request) -> JSONResponse:
    try:
        answer = await operation.run(api, http)
    except Refusal as refusal:
        return _refused(refusal)
    except Unauthorized as unauthorized:
        return _refused(Refusal(401, "unauthorized", unauthorized.message, {"WWW-Authenticate": unauthorized.challenge}))
    except NotProvisioned as error:
        return _refused(Refusal(428, "not_provisioned", error.message))
    except Delayed as error:
        return _refused(Refusal(503, "temporarily_unavailable", error.message, {"Retry-After": f"{error.retry_after or 10:.0f}"}))
    except NotPermitted as error:
        return _refused(Refusal(403, "forbidden", error.message))
    except NextcloudError as error:
        return _refused(Refusal(502, "bad_gateway", error.message))
    except StorageError:
        return _refused(Refusal(503, "temporarily_unavailable", "The server's storage does not answer.", {"Retry-After": "10"}))
    return JSONResponse(answer.model_dump(mode="json", exclude_none=True), headers={"Cache-Control": "no-store"})


def _refused(refusal: Refusal) -> JSONResponse:
    return JSONResponse(refusal.body, refusal.status, {"Cache-Control": "no-store", **refusal.headers})
