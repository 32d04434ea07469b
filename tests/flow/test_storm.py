"""P1, P2 and P7 on the real databases, whatever the bus does."""

import pytest

from tests.flow.storm import Storm, contents, plan
from tests.flow.world import World
from tests.protocol.rows import FINAL


@pytest.mark.parametrize("seed", [1])
async def test_every_promise_holds_and_a_full_replay_changes_nothing(
    world: World, seed: int
) -> None:
    await world.commit_fast()
    storm = Storm(world, seed)
    await storm.run(plan(storm, students=200, tutors=48))

    assert await storm.broken() == []
    assert world.dead == []
    assert len(world.log) >= 1_000
    states = {s["state"] for s in await world.rows("students", "students") if s["stage"] == FINAL}
    assert {"waiting", "matched"} <= states

    before = await contents(world)
    await storm.replay()
    assert await contents(world) == before
