"""Every event has an example that its class takes as it is."""

import json

import pytest

from eventing.events import CATALOGUE, Event, StudentRegistered
from eventing.examples import example, examples, fresh

EVENTS = pytest.mark.parametrize("event", CATALOGUE.values(), ids=CATALOGUE.keys())


@EVENTS
def test_an_example_holds_every_field_and_is_what_its_class_would_say(event: type[Event]) -> None:
    whole = example(event)
    assert set(whole) == set(event.model_fields)
    assert event.model_validate_json(json.dumps(whole)).model_dump(mode="json") == whole


@EVENTS
def test_the_smallest_example_holds_what_is_required(event: type[Event]) -> None:
    least = examples(event)[-1]
    assert set(least) == {n for n, field in event.model_fields.items() if field.is_required()}
    event.model_validate_json(json.dumps(least))


@EVENTS
def test_a_fresh_example_is_about_somebody_new(event: type[Event]) -> None:
    first, second = fresh(event), fresh(event)
    event.model_validate_json(json.dumps(first))
    assert first[event.key_field] != second[event.key_field]


def test_a_field_without_an_example_value_is_named() -> None:
    class Strange(StudentRegistered, topic="student.strange"):
        """A fact with a field nobody has thought of."""

        shoe_size: int

    with pytest.raises(LookupError, match=r"student\.strange: shoe_size"):
        example(Strange)
