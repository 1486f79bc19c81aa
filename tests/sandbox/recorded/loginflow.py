"""Recordings of Login Flow v2. Access is granted in the pages, as a person does."""

from nextcloud_sandbox.core import Sandbox
from tests.sandbox.browser import grant
from tests.sandbox.replay import Plan, Replay

LOGIN = "aBr8NP9CtU16bmRVtrPslK9e1G5aibzFTEgwQnDdsyGm8SSfDgVokfutGQQBdC10hUpBqa0LlrRi39EN4gh9JSy0hywbno5kv24tj9UHZiXzU3x1cyO2zy8YZtLtsJNn"
GRANTED = "dSD4jk97l597v6MKDPAK4zzR9QTQc1FeDOikJPmsQIw4JMAMUjmz6SfrVDx2KMSBRf2nacju"


def setup(sandbox: Sandbox) -> None:
    sandbox.groups["team"] = sandbox.groups.pop("project")


async def grant_access(replay: Replay) -> None:
    await grant(f"{replay.url}/login/v2/flow/{replay.tokens[LOGIN]}", "alice", "alice")


async def use_granted(replay: Replay) -> None:
    replay.passwords["alice"] = replay.tokens[GRANTED]


PLAN = Plan("loginflow", setup=setup, before={"07-poll-granted-200.txt": grant_access, "09-use-apppassword.txt": use_granted})
