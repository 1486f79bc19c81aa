"""The sandbox answers as the recorded Nextcloud 32 did."""

import importlib
import pkgutil

import pytest

from tests.conftest import NOTES
from tests.sandbox import recorded
from tests.sandbox.exchanges import exchanges
from tests.sandbox.replay import Plan, replay

PLANS: dict[str, Plan] = {
    plan.area: plan
    for plan in (importlib.import_module(f"{recorded.__name__}.{module.name}").PLAN for module in pkgutil.iter_modules(recorded.__path__))
}


@pytest.mark.parametrize("area", sorted(PLANS))
async def test_every_claimed_recording_gets_the_same_answer(area: str) -> None:
    result = await replay(PLANS[area])
    total = len(result.claimed) + len(result.unclaimed)
    NOTES.append(f"recordings of {area} that the sandbox answers alike: {len(result.claimed) - len(result.wrong)} of {total}")
    for reason in sorted(set(result.unclaimed.values())):
        NOTES.append(f"recordings of {area} not replayed, {list(result.unclaimed.values()).count(reason)}: {reason}")
    lines = [f"{name}: {line}" for name, wrong in result.wrong.items() for line in wrong]
    assert not lines, "\n" + "\n".join(lines)
    assert result.claimed


@pytest.mark.parametrize("area", sorted(PLANS))
def test_what_is_not_claimed_exists_and_has_a_reason(area: str) -> None:
    plan = PLANS[area]
    names = {exchange.name for exchange in exchanges(area)}
    for pattern, reason in plan.unclaimed.items():
        assert len(reason) > 10, pattern
        assert any(plan.reason(name) == reason for name in names), f"{pattern} matches no recording"
    assert len([name for name in names if plan.reason(name)]) < len(names) / 2
