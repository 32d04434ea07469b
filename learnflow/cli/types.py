"""Event types as people type them, and an example of each."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from learnflow.cli.problem import Problem

if TYPE_CHECKING:
    from eventing.events import Event


def event_class(name: str) -> "type[Event]":
    """The event of a short or full name: `student.registered` or its CloudEvents type."""
    from eventing.events import CATALOGUE

    by_name = {event.topic: event for event in CATALOGUE.values()} | dict(CATALOGUE)
    if name not in by_name:
        topics = sorted(event.topic for event in CATALOGUE.values())
        near = get_close_matches(name, topics, 3) or topics
        raise Problem(f"There is no event type {name}.", f"one of: {', '.join(near)}")
    return by_name[name]


def full_type(name: str) -> str:
    """The CloudEvents type behind a short or full name."""
    return event_class(name).type


def example(event: "type[Event]") -> dict[str, Any]:
    """Data that this event accepts: its required fields, about somebody new."""
    from eventing.examples import fresh

    return fresh(event)
