"""Every operation of docs/openapi.json as a stranger calls it, well and badly.

Schemathesis runs all its phases against a whole system, whose events flow behind. `make test` makes
5,000 calls, the same each time; `make fuzz` makes 20,000, others each time.
"""

from collections import Counter

import pytest

from tests.contract_fuzz.limits import Limits
from tests.contract_fuzz.memory import grown, memory
from tests.contract_fuzz.rest import broken, dead_letters
from tests.contract_fuzz.schemathesis_run import Call, schemathesis, sequences
from tests.system.harness import Embedded
from tests.system.verdict import at_rest

FIRST = "examples,coverage"


@pytest.mark.timeout(4_200)
async def test_every_answer_is_documented_and_nothing_leaks(
    system: Embedded, limits: Limits
) -> None:
    dead = await dead_letters(system)
    first = await schemathesis(system, FIRST, limits)
    assert not first.failed, first.printed
    await at_rest(system)
    warm = memory(system)
    results = [first, await schemathesis(system, "fuzzing", limits)]
    results += await sequences(system, limits)
    failed = "\n".join(one.printed for one in results if one.failed)
    assert not failed, failed
    calls = tuple(call for one in results for call in one.calls)

    assert len(calls) >= limits.cases, phases(calls)
    assert {call.phase for call in calls} == {"examples", "coverage", "fuzzing", "stateful"}
    assert [call for call in calls if call.status is None or call.status >= 500] == []
    assert never_done(calls) == []
    accepted = [c.created for c in calls if c.created and c.operation == "POST /api/students"]
    assert await broken(system, accepted) == [], system.log_end()
    assert await dead_letters(system) == dead
    now = memory(system)
    assert warm.keys() <= now.keys(), f"ended: {warm.keys() - now.keys()}"
    assert grown(warm, now) == []


def phases(calls: tuple[Call, ...]) -> str:
    """How many calls there were in each phase."""
    return f"only {len(calls)} calls: {Counter(call.phase for call in calls)}"


def never_done(calls: tuple[Call, ...]) -> list[str]:
    """Operations that were only ever refused: then most of them was not tested."""
    done = Counter(call.operation for call in calls if call.status and call.status < 300)
    return sorted({call.operation for call in calls if " " in call.operation} - done.keys())
