"""A provider's answers without a network."""

from collections.abc import Mapping
from typing import Any

from nextcloud_mcp_server.auth.oidc.http import OidcHttp

Reply = dict[str, Any] | Exception


class StubHttp(OidcHttp):
    """Answers by address; `asked` keeps what was asked."""

    def __init__(self, **answers: Reply) -> None:
        super().__init__()
        self.answers: dict[str, Reply] = dict(answers)
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def _reply(self, url: str, given: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((url, given))
        answer = self.answers[url.rpartition("/")[2]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def get(self, url: str, *, follow: bool = False, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._reply(url, dict(headers or {}))

    async def post(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._reply(url, {**form, **(headers or {})})
