"""What each reaction says to what it hears, looked at one delivery at a time."""

from collections import defaultdict

from tests.eventing.test_graph import NEVER, SAID, edges
from tests.flow.storm import Storm, plan
from tests.flow.world import World

Answers = dict[tuple[str, str], set[str]]


async def answers_of(world: World) -> Answers:
    """Run a small storm, one delivery after the other; by function and event, what was said."""
    found: Answers = defaultdict(set)
    storm = Storm(world, seed=5)
    for command in plan(storm, students=40, tutors=14):
        await command()
        waiting = world.deliveries(await world.collect())
        while waiting:
            name, said = waiting.pop(storm.chance.randrange(len(waiting)))
            assert await world.hear(name, said) == "done"
            fresh = await world.collect()
            found[name, said.event.topic] |= {one.event.topic for one in fresh}
            waiting += world.deliveries(fresh)
    assert await storm.broken() == []
    return found


async def test_reactions_say_what_their_docstrings_say_and_never_what_would_go_round(
    world: World,
) -> None:
    found = await answers_of(world)
    for (name, heard), said in found.items():
        assert all(name in SAID[topic] for topic in said), (name, heard, said)
        assert said <= edges()[heard]
        assert not {(name, heard, topic) for topic in said} & NEVER
    assert {(name, heard) for name, heard, _ in NEVER} <= found.keys()
    assert found["book_tutor", "matching.completed"] >= {"tutor.matched", "tutor.released"}
