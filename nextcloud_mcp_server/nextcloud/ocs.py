"""The OCS envelope (Nextcloud developer manual, "OCS API"): `ocs.meta` tells success, `ocs.data` holds the rest."""

from typing import Any, cast

from nextcloud_mcp_server.core.errors import BadAnswer, InvalidValue, NextcloudError, NotFound
from nextcloud_mcp_server.nextcloud.answers import Answer, failure

SUCCESS = frozenset({100, 200})


def unwrap(answer: Answer) -> Any:
    """The data of an envelope that reports success.

    Raises BadAnswer where there is no envelope, and the error of `statuscode` where it reports a failure.
    """
    value: Any = answer.json()
    try:
        meta: dict[str, Any] = value["ocs"]["meta"]
        code = int(meta["statuscode"])
        data: Any = value["ocs"]["data"]
    except (KeyError, TypeError, ValueError):
        raise BadAnswer(f"Nextcloud's answer about {answer.what} has no OCS envelope.") from None
    if code in SUCCESS or 200 <= code < 300:
        return data
    raise _error(answer, code, str(meta.get("message") or ""))


def _error(answer: Answer, code: int, message: str) -> NextcloudError:
    if 400 <= code < 600:
        return failure(Answer(code, answer.headers, answer.body, answer.what))
    if code == 998:
        return NotFound(f"{answer.what[:1].upper()}{answer.what[1:]} not found.")
    return InvalidValue(f"Nextcloud refused {answer.what}: {message or f'code {code}'}.")


def as_list(value: Any) -> list[Any]:
    """PHP writes an empty map as a list and a sparse list as a map; both are meant as a list."""
    if isinstance(value, dict):
        return list(cast(dict[str, Any], value).values())
    return cast(list[Any], value) if isinstance(value, list) else []


def as_map(value: Any) -> dict[str, Any]:
    """What is no map, as PHP's empty list, is an empty one."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}
