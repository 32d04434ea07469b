"""The commands against a real running system: what they show is what happened."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.eventually import eventually
from tests.system.clone import Clone, cloned, end

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def running() -> Iterator[Clone]:
    """A clone with `up` running in it."""
    with tempfile.TemporaryDirectory(prefix="lfc-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        with cloned(Path(name) / "learnflow", {"XDG_STATE_HOME": f"{name}/state"}) as clone:
            process = clone.start("up", "--json", "--port", "0")
            assert process.stdout is not None
            ready = _first(process.stdout)
            assert ready, "up ended"
            yield clone
            end(process)


def _first(lines: Iterable[str]) -> str:
    return next((line for line in lines if line.startswith("{")), "")


def _asked(clone: Clone, *arguments: str) -> Any:
    code, printed = clone.run(*arguments, "--json")
    assert code == 0, printed
    return json.loads(printed)


async def test_an_event_sent_by_hand_is_heard_and_its_way_is_shown(running: Clone) -> None:
    sent = _asked(running, "send", "student.registered", "--example")
    listed = _asked(running, "events", "list", "--type", "student.registered")
    assert sent["id"] in [one["event_id"] for one in listed]

    def delivered() -> bool:
        ways = _asked(running, "events", "show", sent["id"])["deliveries"]
        return [way["state"] for way in ways] == ["delivered"]

    await eventually(delivered, seconds=20, every=0.2)
    functions = {one["function"]: one for one in _asked(running, "ps")["functions"]}
    assert functions["match-student"]["cold_starts"] >= 1


async def test_an_event_nobody_can_take_is_a_dead_letter_and_can_be_replayed(
    running: Clone,
) -> None:
    sent = _asked(
        *(running, "send", "student.registered", "--no-check"),
        *("--data", '{"student_id": "s1", "version": 1, "grade": 77, "subject": "latin"}'),
    )

    def letters() -> list[Any]:
        found = _asked(running, "dead-letters", "list")
        return [letter for letter in found if letter["event_id"] == sent["id"]]

    (letter,) = await eventually(letters, seconds=20, every=0.2)
    assert letter["status"] in (400, 422)
    shown = _asked(running, "dead-letters", "show", letter["offset"])
    assert shown["event_id"] == sent["id"]
    code, printed = running.run("dead-letters", "replay", letter["offset"])
    assert (code, "It failed again." in printed) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        *(("ps",), ("events", "list"), ("dead-letters", "list"), ("logs",), ("doctor",)),
        ("ranker", "list"),
    ],
)
def test_every_view_has_a_form_for_people(running: Clone, arguments: tuple[str, ...]) -> None:
    code, printed = running.run(*arguments)
    assert code == 0, printed
    assert "Traceback" not in printed


def test_what_runs_here_is_maintained_by_hand_too(running: Clone) -> None:
    assert _asked(running, "maintain") == {"dry_run": False, "steps": [], "failed": {}}


def test_a_name_that_is_not_there_is_answered_with_those_that_are(running: Clone) -> None:
    code, printed = running.run("logs", "register-studnet")
    assert code == 1
    assert "register-student" in printed
