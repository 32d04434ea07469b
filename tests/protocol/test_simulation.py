"""The protocol keeps its promises under any delivery, and each rule is needed."""

from collections import Counter
from itertools import chain

import pytest

from eventing.events import CATALOGUE
from tests.protocol.simulation import Simulation
from tests.protocol.tables import Rules

SEEDS = 2_000
NOT_SIMULATED = {"match.rated"}


@pytest.mark.parametrize("inbox", [True, False], ids=["with inbox", "without inbox"])
def test_every_promise_holds_and_a_full_replay_changes_nothing(inbox: bool) -> None:
    start = 0 if inbox else SEEDS
    for seed in range(start, start + SEEDS):
        simulation = Simulation(seed, Rules(inbox=inbox)).run()
        assert simulation.finished, f"seed {seed} makes messages for ever"
        assert not simulation.violations, f"seed {seed}"
        assert simulation.matching.quarantines == 0, f"seed {seed} quarantined a sound tutor"
        assert not simulation.replay(), f"seed {seed} changed on replay"


@pytest.mark.parametrize(
    ("without", "prevents"),
    [
        (Rules(rounds=False), {"round_mismatch", "hold_mismatch", "told_mismatch"}),
        (Rules(stages=False), {"told_mismatch", "lost"}),
        (Rules(wakeups=False), {"stranded_waiter"}),
        (Rules(facts_release=False), {"hold_mismatch"}),
        (Rules(older_released=False), {"hold_mismatch", "stranded_waiter"}),
        (Rules(always_released=False), {"hold_mismatch", "stranded_waiter"}),
        (Rules(authority=False), {"over_capacity"}),
    ],
    ids=[
        "rounds",
        "stages",
        "wake-ups",
        "release by facts",
        "older too",
        "released always",
        "authority",
    ],
)
def test_without_the_rule_the_failure_it_prevents_appears(
    without: Rules, prevents: set[str]
) -> None:
    seen = Counter(
        v.kind for seed in range(150) for v in Simulation(seed, without).run().violations
    )
    assert prevents <= seen.keys()


def test_without_rounds_and_inbox_people_are_told_something_else_than_is_booked() -> None:
    runs = [Simulation(seed, Rules(rounds=False, inbox=False)).run() for seed in range(50)]
    told_wrong = [any(v.kind == "told_mismatch" for v in run.violations) for run in runs]
    assert sum(told_wrong) > len(runs) // 2


def test_the_simulation_says_every_fact_of_the_catalogue() -> None:
    runs = (Simulation(seed, Rules()).run() for seed in range(100))
    said = {fact.topic for fact in chain.from_iterable(run.facts for run in runs)}
    assert said == {event.topic for event in CATALOGUE.values()} - NOT_SIMULATED


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = (Simulation(7).run() for _ in range(2))
    assert (first.facts, first.world()) == (second.facts, second.world())
