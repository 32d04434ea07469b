"""Recorded runs are compatibility tests: today's functions do with them what those of then did."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from eventing.events import CATALOGUE
from learnflow.local.exporting import read
from tests.flow.exported import Recording, Replay
from tests.flow.world import World

RECORDED: Final = sorted((Path(__file__).parents[1] / "recorded").glob("*.jsonl"))
FIRST: Final = RECORDED[0]


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
async def test_a_recorded_run_ends_as_it_did(world: World, file: Path) -> None:
    recording = Recording.load(file)
    replay = Replay(recording, world)
    await replay.run()
    assert await replay.states() == recording.outcomes()
    assert len(replay.said) == len(recording.of("fact"))
    await world.settle()
    assert world.log == list(replay.said.values())  # nobody has anything left to say


def test_the_first_recording_has_every_way_a_story_can_go() -> None:
    recording = Recording.load(FIRST)
    topics = {fact["topic"] for fact in recording.of("fact")}
    never = {"tutor.match.refused"}  # needs two matchings at once
    assert {event.topic for event in CATALOGUE.values()} - never == topics
    assert {state for state, _ in recording.outcomes().values()} == {"matched", "closed"}


def tampered(change: Mapping[str, Any]) -> Recording:
    """The first recording, in which the first match was another one."""
    lines = [dict(line) for line in Recording.load(FIRST).lines]
    (line, *_) = (one for one in lines if one.get("topic") == change["topic"] and "data" in one)
    line["data"] = json.dumps({**json.loads(line["data"]), **change["data"]})
    return Recording(lines)


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "matching.completed", "data": {"outcome": "waiting"}},
        {"topic": "tutor.released", "data": {"round": 9}},
        {"topic": "student.matched", "data": {"new_field": 1}},
    ],
    ids=lambda change: change["topic"],
)
async def test_a_call_that_says_otherwise_than_recorded_is_named(
    world: World, change: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError, match=f"does not say {change['topic']}"):
        await Replay(tampered(change), world).run()


async def test_a_call_that_says_more_than_recorded_is_named(world: World) -> None:
    lines = Recording.load(FIRST).lines
    facts = [i for i, one in enumerate(lines) if one["kind"] == "fact"]
    last = max(i for i in facts if lines[i]["topic"] == "student.matched")
    with pytest.raises(AssertionError, match="notify_student says more than it did"):
        await Replay(Recording([*lines[:last], *lines[last + 1 :]]), world).run()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no export"),
        ('{"kind": "record"}\n', "no export"),
        ('{"kind": "learnflow-run", "format": 2}\n', "format 2"),
    ],
)
def test_what_is_no_export_of_this_format_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(text)
