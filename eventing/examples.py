"""An example of every event: one source for documents, schemas and `learnflow send --example`."""

import uuid
from typing import Any, Final

from eventing.events import CATALOGUE, Event

_VALUES: Final[dict[str, Any]] = {
    "student_id": "5f1c0de05f1c0de05f1c0de05f1c0de0",
    "tutor_id": "7e4c4e177e4c4e177e4c4e177e4c4e17",
    "match_id": "3a7c43a73a7c43a73a7c43a73a7c43a7",
    "version": 1,
    "student_version": 1,
    "tutor_version": 2,
    "round": 1,
    "grade": 7,
    "grade_min": 5,
    "grade_max": 10,
    "subject": "mathematics",
    "subjects": ["mathematics", "physics"],
    "times": ["mon-16", "wed-17"],
    "languages": ["en", "de"],
    "budget_band": 3,
    "price_band": 2,
    "goals": ["exam"],
    "capacity": 3,
    "available": True,
    "experience_years": 4,
    "outcome": "matched",
    "reasons": [{"code": "shared_hours", "value": 2.0}, {"code": "shared_languages", "value": 2.0}],
    "reason": None,
    "stars": 5,
}
"""A value for each field name of the catalogue; `reason` differs from event to event."""
_OWN: Final[dict[str, dict[str, Any]]] = {
    "tutor.match.refused": {"reason": "capacity"},
    "match.declined": {"reason": "declined"},
}
"""Values that a topic has for itself."""


def example(event: type[Event], *, required: bool = False) -> dict[str, Any]:
    """Data of this event as JSON has it, always the same; `required` leaves out optional fields.

    Raises LookupError naming a field that has no example value yet: add it to this module.
    """
    own = _VALUES | _OWN.get(event.topic, {})
    names = [n for n, field in event.model_fields.items() if field.is_required() or not required]
    missing = [name for name in names if own.get(name) is None]
    if missing:
        raise LookupError(f"no example value for {event.topic}: {', '.join(missing)}")
    return {name: own[name] for name in names}


def fresh(event: type[Event]) -> dict[str, Any]:
    """The required fields of an example about somebody new: ids that nothing else has."""
    found = example(event, required=True)
    return {name: uuid.uuid4().hex if name.endswith("_id") else found[name] for name in found}


def examples(event: type[Event]) -> list[dict[str, Any]]:
    """What a schema shows: the whole example, then the smallest one where that differs."""
    whole, least = example(event), example(event, required=True)
    return [whole] if whole == least else [whole, least]


def all_examples() -> dict[str, dict[str, Any]]:
    """The whole example of every event by its CloudEvents type."""
    return {name: example(event) for name, event in CATALOGUE.items()}
