"""Transcripts in the how-to pages: fenced blocks of calls (`> tool {arguments}`) and their answers, shortened (`< {fields}`).

The ids of a page are those of the day it was written: where an answer shows one, later calls get the id of this run instead.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.assistant import Assistant

PAGES = Path(__file__).parent.parent.parent / "docs" / "howto" / "apps"
BLOCK = re.compile(r"```text\n(> .+?)```", re.DOTALL)
CALL = re.compile(r"^> (?P<tool>\w+) (?P<arguments>\{.*\})\n(?:< (?P<answer>\{.*\})\n)?", re.MULTILINE)
PLACE = re.compile(r'"\$(\d+)\.([\w.]+)"')
NOISE = re.compile(
    r"^(success|timestamp|untrusted|status_code|uri|fingerprint|link)$|url$|href$|etag|created(At|By)|lastEdit|lastMod", re.IGNORECASE
)
CHANGING = re.compile(r"(^|_)(id|uid|nid|token|size|start|end)$|_at$|modified|created|date|time", re.IGNORECASE)
NUMBER = re.compile(r"\d+")
ID = re.compile(r"(^|_)id$")
SHARE = ("id", "share_type", "share_with", "permissions", "path", "success", "message")
"""The fields of a share, which is told as JSON text, that a page shows."""


@dataclass
class Page:
    """A page on its way through a Nextcloud: `known` has the documented ids with those of this run."""

    path: Path
    known: dict[Any, Any] = field(default_factory=dict[Any, Any])
    answers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    differences: list[str] = field(default_factory=list[str])

    async def run(self, alice: Assistant) -> None:
        """Calls what the page calls and compares what it shows."""
        for found in self.calls():
            answer = await self.call(alice, found)
            shown = json.loads(found["answer"] or "null")
            self.compare(shown, answer, found["tool"])

    async def call(self, alice: Assistant, found: re.Match[str]) -> dict[str, Any]:
        answer = await alice.call(found["tool"], **self.of_this_run(json.loads(found["arguments"])))
        self.answers.append(answer)
        return answer

    def calls(self) -> list[re.Match[str]]:
        return [call for block in BLOCK.finditer(self.path.read_text()) for call in CALL.finditer(block[1])]

    def of_this_run(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self.of_this_run(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [self.of_this_run(one, name) for one in value]
        return self.known.get(value, value) if isinstance(value, str) or ID.search(name) else value

    def compare(self, shown: Any, answer: Any, where: str) -> None:
        """Every shown field must be there with its kind, and with its value unless it changes from run to run."""
        if type(shown) is not type(answer):
            self.differences.append(f"{where}: {shown!r} is shown, {answer!r} is answered")
        elif isinstance(shown, dict):
            for key, value in shown.items():
                self.compare(value, answer.get(key), f"{where}.{key}")
        elif isinstance(shown, list):
            for number, value in enumerate(shown):
                self.compare(value, answer[number] if number < len(answer) else None, f"{where}.{number}")
        elif where.endswith(".result") and shown != answer:
            self.compare(json.loads(shown), json.loads(answer), f"{where}.share")
        elif shown != answer:
            self.changed(shown, answer, where)

    def changed(self, shown: Any, answer: Any, where: str) -> None:
        """Remembers what another run answers instead; a sentence may differ by the ids in it."""
        field = where.rstrip(".0123456789").rpartition(".")[2]
        if not CHANGING.search(field) and NUMBER.sub(self._number, str(shown)) != str(answer):
            self.differences.append(f"{where}: {shown!r} is shown, {answer!r} is answered")
        self.known[shown] = answer

    def _number(self, found: re.Match[str]) -> str:
        return str(self.known.get(int(found[0]), found[0]))

    async def rewrite(self, alice: Assistant) -> None:
        """Writes the page with the answers of this run; `"$2.id"` in a call stands for the field of the second answer."""
        text = self.path.read_text()
        for found in self.calls():
            arguments = PLACE.sub(lambda place: json.dumps(looked_up(self.answers[int(place[1]) - 1], place[2])), found["arguments"])
            given = self.of_this_run(json.loads(arguments))
            answer = await alice.call(found["tool"], **given)
            self.answers.append(answer)
            if found["answer"]:
                self.compare(json.loads(found["answer"]), answer, found["tool"])
            said = json.dumps(shortened(answer), ensure_ascii=False)
            text = text.replace(found[0], f"> {found['tool']} {json.dumps(given, ensure_ascii=False)}\n< {said}\n", 1)
        self.path.write_text(text)


def looked_up(value: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(value, str):
            value = json.loads(value)
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def shortened(value: Any) -> Any:
    """Without what says nothing in a document; lists with their first items."""
    if isinstance(value, list):
        return [shortened(one) for one in value[:2]]
    if not isinstance(value, dict):
        return value
    kept = {key: one for key, one in value.items() if not NOISE.search(key) and one not in ([], {})}
    return {key: _share(one) if key == "result" else shortened(one) for key, one in kept.items()}


def _share(text: str) -> str:
    return json.dumps({key: one for key, one in json.loads(text).items() if key in SHARE}, ensure_ascii=False)
