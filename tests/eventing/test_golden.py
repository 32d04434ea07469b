"""Events once published are understood for ever: each version's examples, at the edges of its
fields, are kept in golden/. A file is written once, with its version, and never changed."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, ValidationError, create_model

from eventing.events import CATALOGUE, Event, MatchRated, StudentRegistered

GOLDEN = Path(__file__).parent / "golden"


def golden(event: type[Event]) -> dict[str, Any]:
    """What this version looked like when it was first published."""
    kept: dict[str, Any] = json.loads((GOLDEN / f"{event.type}.json").read_text("utf-8"))
    return kept


def broken(event: type[Event], examples: list[dict[str, Any]]) -> list[str]:
    """What the class does to old data that it must not do."""
    faults = []
    for example in examples:
        try:
            said = event.model_validate_json(json.dumps(example)).model_dump(mode="json")
        except ValidationError as error:
            faults += [f"refuses {problem['loc']}" for problem in error.errors()]
        else:
            faults += [f"changes {name}" for name in example if _differs(example[name], said, name)]
    return faults


def _differs(old: Any, said: dict[str, Any], name: str) -> bool:
    if name not in said:
        return True
    if isinstance(old, list) and old and isinstance(old[0], dict):
        return any(o.items() - s.items() for o, s in zip(old, said[name], strict=True))
    return bool(said[name] != old)


@pytest.mark.parametrize("event", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_every_version_still_reads_what_it_once_said(event: type[Event]) -> None:
    kept = golden(event)
    assert (event.type, event.topic, event.key_field) == (kept["type"], kept["topic"], kept["key"])
    assert broken(event, kept["examples"]) == []
    assert all(event(**example).key == example[kept["key"]] for example in kept["examples"])


def test_no_version_is_ever_forgotten() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == CATALOGUE.keys()


@pytest.mark.parametrize("event", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_fields_that_a_newer_sayer_adds_are_tolerated(event: type[Event]) -> None:
    examples = [{**example, "added_later": {"a": [1]}} for example in golden(event)["examples"]]
    assert set(broken(event, examples)) == {"changes added_later"}


def test_a_field_that_is_removed_renamed_narrowed_or_made_to_be_required_is_seen() -> None:
    examples = golden(StudentRegistered)["examples"]
    narrowed = create_model("N", __base__=StudentRegistered, grade=(int, Field(ge=1, le=11)))
    required = create_model("R", __base__=StudentRegistered, budget_band=(int, ...))
    retyped = create_model("T", __base__=MatchRated, stars=(str, ...))
    fields = {
        name: (field.annotation, field)
        for name, field in StudentRegistered.model_fields.items()
        if name != "goals"
    }
    removed = create_model("D", __base__=Event, **fields)  # type: ignore[call-overload]
    assert "refuses ('grade',)" in broken(narrowed, examples)
    assert "refuses ('budget_band',)" in broken(required, examples)
    assert "refuses ('stars',)" in broken(retyped, golden(MatchRated)["examples"])
    assert "changes goals" in broken(removed, examples)
