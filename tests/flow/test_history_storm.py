"""However matches are decided, each is in the history once, with what the event said of it."""

from collections import Counter

from eventing.events import MatchingCompleted
from learnflow.ranking.recording import shown
from tests.flow.storm import Storm, plan
from tests.flow.world import World


async def test_every_match_of_a_storm_is_in_the_history_once(world: World) -> None:
    await world.commit_fast()
    storm = Storm(world, seed=5)
    await storm.run(plan(storm, 120, 30))
    decided = {
        said.event.match_id: said.event
        for said in world.log
        if isinstance(said.event, MatchingCompleted) and said.event.outcome == "matched"
    }
    rows = await world.rows("matching", "matches")
    keys = {
        row["match_id"]: row["decided_at"] for row in await world.rows("matching", "match_keys")
    }
    current = [r for r in await world.rows("matching", "requests") if r["match_id"]]

    assert len(decided) > 80
    assert Counter(row["match_id"] for row in rows) == Counter(decided.keys())
    assert {row["match_id"]: row["decided_at"] for row in rows} == keys
    history = {row["match_id"]: row for row in rows}
    assert len(current) > 50
    for request in current:
        row = history[request["match_id"]]
        assert (row["student_id"], row["round"], row["tutor_id"]) == (
            request["student_id"], request["round"], request["tutor_id"]
        )  # fmt: skip
    for match_id, event in decided.items():
        row = history[match_id]
        kept = shown(row["shown"]).candidates
        chosen = next(one for one in kept if one.tutor_id == event.tutor_id)
        assert [reason.code for reason in chosen.reasons] == [r.code for r in event.reasons]
        assert row["place"] is None or row["candidates"] >= row["place"] >= 1
        assert len(kept) <= min(10, row["candidates"] + (row["place"] is None))
    assert any(row["place"] == 1 for row in rows)
    assert await world.rows("matching", "matches_default") == []
