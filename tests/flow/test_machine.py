"""The state machine of machine.py, and that it would find what the protocol's rules prevent.

`make test` runs the same sequences each time; `make fuzz` (pytest --fuzz) runs more and longer
ones, new ones each time. A failure prints its steps, the shortest that were found.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import db.ids
from learnflow.runtime import logs
from tests.db.sabotage import NOBODY, without
from tests.flow.machine import Tutoring
from tests.flow.machine_system import Counted, System
from tests.postgres import Databases

USUAL: Final = settings(
    max_examples=60,
    stateful_step_count=50,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
LONG: Final = settings(USUAL, max_examples=400, derandomize=False)
FIRST_FIND: Final = settings(USUAL, max_examples=400, phases=[Phase.generate])


@pytest.fixture
def machine(
    lent: Databases, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[System, asyncio.Runner]]:
    """A system over the lent databases, on one event loop."""
    ids, line = Counted(), logs.line
    monkeypatch.setattr(db.ids, "os", ids)

    def only_faults(message: str, level: str = "info", **fields: Any) -> None:
        if level == "error":
            line(message, level, **fields)

    monkeypatch.setattr(logs, "line", only_faults)
    with asyncio.Runner() as runner:
        system = System(lent, ids)
        runner.run(system.world.commit_fast())
        yield system, runner
        runner.run(system.close())


@pytest.mark.timeout(1800)
def test_whatever_people_do_and_whoever_dies_the_promises_hold(
    machine: tuple[System, asyncio.Runner], request: pytest.FixtureRequest
) -> None:
    chosen = LONG if request.config.getoption("--fuzz") else USUAL
    run(machine, chosen)


@pytest.mark.parametrize(
    ("short", "function", "rule", "instead"),
    [
        ("tutors", "book_slot", "p_round <= b.round", "false"),
        ("matching", "hear_tutor", "SELECT * FROM wakes(ARRAY[p_tutor])", NOBODY),
    ],
    ids=["old rounds are booked", "nobody is woken"],
)
def test_without_a_rule_of_the_protocol_it_finds_a_sequence_that_breaks_a_promise(
    machine: tuple[System, asyncio.Runner], short: str, function: str, rule: str, instead: str
) -> None:
    system, runner = machine
    broken = without(system.world.databases, short, function, rule, instead)
    runner.run(broken.__aenter__())
    try:
        with pytest.raises((AssertionError, asyncpg.PostgresError)):
            run(machine, FIRST_FIND)
    finally:
        runner.run(broken.__aexit__(None, None, None))


def run(machine: tuple[System, asyncio.Runner], chosen: settings) -> None:
    """Run the state machine over this system."""

    class Here(Tutoring):
        def __init__(self) -> None:
            super().__init__(*machine)

    run_state_machine_as_test(Here, settings=chosen)
