"""Examples come from the schema, so every event has one."""

import pytest

from eventing.events import CATALOGUE, Event
from learnflow.cli.problem import Problem
from learnflow.cli.types import event_class, example


@pytest.mark.parametrize("event", CATALOGUE.values(), ids=lambda event: event.topic)
def test_every_event_accepts_its_example(event: type[Event]) -> None:
    assert event.model_validate(example(event)).key


def test_two_examples_are_of_two_students() -> None:
    event = event_class("student.registered")
    assert example(event)["student_id"] != example(event)["student_id"]


def test_a_mistyped_type_names_the_nearest() -> None:
    with pytest.raises(Problem) as raised:
        event_class("tutor.registred")
    assert "tutor.registered" in raised.value.fix
