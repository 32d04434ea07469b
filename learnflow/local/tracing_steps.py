"""The steps of a trace: requests, events, deliveries and notifications in one form."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from learnflow.local import tracing_store as store
from learnflow.local.history import Attempt, Trail
from learnflow.local.records import Record
from learnflow.local.requests import Passed
from learnflow.local.shown import shown
from learnflow.local.spans import Told, trace_and_span
from learnflow.local.starter import database_of
from learnflow.manifests import Function


@dataclass(slots=True)
class Node:
    """One step of a trace and what came of it; times in milliseconds, `at` since 1970.

    `kind` is request, event, delivery or notification; `facts` are what only that kind has.
    """

    kind: str
    name: str
    at: float
    ms: float | None
    facts: dict[str, Any]
    span: str | None = None
    parent: str | None = None
    database: str | None = None
    rounds: frozenset[tuple[str, int]] = frozenset()
    children: list["Node"] = field(default_factory=list)

    @property
    def end(self) -> float:
        """When it ended, or began where it has no length."""
        return self.at + (self.ms or 0.0)

    def every(self) -> Iterator["Node"]:
        """This step and all below it."""
        yield self
        for child in self.children:
            yield from child.every()

    def document(self, began: float) -> dict[str, Any]:
        """This step and those below it, with its offset from the beginning of the trace."""
        return {
            **{"kind": self.kind, "name": self.name, "at": self.at},
            **{"offset_ms": self.at - began, "ms": self.ms, **self.facts},
            "children": [
                child.document(began) for child in sorted(self.children, key=lambda one: one.at)
            ],
        }


def request(one: Passed, functions: Mapping[str, Function]) -> Node:
    """What the gateway passed on."""
    facts = {
        **{"method": one.method, "path": one.path, "status": one.status},
        **{"function": one.function, "cold_start_ms": one.cold_start_ms},
        **{"began_ms": one.began_ms, "resource": one.resource, "told": _told(one.told)},
    }
    span = one.told.span if one.told else None
    name = f"{one.method} {one.path}"
    database = database_of(functions[one.function])
    return Node("request", name, one.at, one.ms, facts, span, one.span, database)


def event(fact: store.Fact, records: Sequence[Record]) -> Node:
    """A fact in an outbox, and where the event log has it."""
    _, parent = trace_and_span(fact.traceparent)
    facts = {
        **{"event_id": fact.event_id, "topic": fact.topic, "key": fact.key},
        **{"database": fact.database, "created": fact.created, "published": fact.published},
        **{"logged": [float(record.timestamp) for record in records], "parked": fact.parked},
        "records": [f"{record.partition}:{record.offset}" for record in records],
    }
    rounds = _rounds(fact.data)
    return Node("event", fact.topic, fact.created, None, facts, None, parent, None, rounds)


def sent(record: Record) -> Node:
    """An event that came from no outbox: somebody sent it by hand."""
    value = shown(record)["value"]
    traceparent = value.get("traceparent") if isinstance(value, dict) else None
    facts = {
        **{"event_id": record.event_id, "topic": record.topic, "key": record.key},
        **{"database": None, "created": None, "published": None},
        **{"logged": [float(record.timestamp)], "parked": None},
        "records": [f"{record.partition}:{record.offset}"],
    }
    data = json.dumps(value.get("data")) if isinstance(value, dict) else ""
    _, parent = trace_and_span(traceparent if isinstance(traceparent, str) else None)
    at = float(record.timestamp)
    return Node("event", record.topic, at, None, facts, None, parent, None, _rounds(data))


def delivery(
    trail: Trail,
    number: int,
    attempt: Attempt,
    heard: Node | None,
    functions: Mapping[str, Function],
) -> Node:
    """One attempt to deliver an event."""
    facts = {
        **{"event_id": trail.event_id, "source": trail.source, "function": trail.function},
        **{"attempt": number, "of": len(trail.attempts), "status": attempt.status},
        **{"state": trail.state if number == len(trail.attempts) else "failed"},
        **{"cold_start_ms": attempt.cold_start_ms, "reason": attempt.reason},
        **{"replay": trail.replay, "told": _told(attempt.told)},
    }
    span = attempt.told.span if attempt.told else None
    database = database_of(functions[trail.function])
    rounds = heard.rounds if heard else frozenset()
    name = trail.function
    return Node(
        "delivery", name, attempt.at, attempt.ms, facts, span, trail.parent, database, rounds
    )


def _rounds(data: str) -> frozenset[tuple[str, int]]:
    try:
        found = json.loads(data)
        return frozenset({(str(found["student_id"]), int(found["round"]))})
    except (ValueError, KeyError, TypeError):
        return frozenset()


def _told(told: Told | None) -> dict[str, Any] | None:
    return None if told is None else asdict(told)


def notification(told: store.Notice) -> Node:
    """What somebody was told."""
    facts = {
        **{"recipient_id": told.recipient_id, "seq": told.seq, "round": told.round},
        **{"database": told.database, "student_id": told.student_id},
    }
    about = frozenset({(told.student_id, told.round)})
    return Node(
        "notification", told.kind, told.created, None, facts, None, None, told.database, about
    )
