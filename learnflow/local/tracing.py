"""The timeline of a trace: from the gateway's request over outbox, log and functions to who was
told, put together from what the gateway, the dispatcher and the databases remember."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learnflow.local import tracing_steps as make
from learnflow.local import tracing_store as store
from learnflow.local.eventlog import EventLog
from learnflow.local.eventlog_store import by_events
from learnflow.local.history import History
from learnflow.local.records import Record
from learnflow.local.requests import Requests
from learnflow.local.starter import Dsn
from learnflow.local.tracing_steps import Node
from learnflow.manifests import System


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything a trace is put together from."""

    dsn: Dsn
    log: EventLog
    history: History
    requests: Requests
    system: System

    async def traces_of(self, given: str, limit: int) -> list[str]:
        """The newest traces an id, or the beginning of one, belongs to; newest first."""
        here: dict[str, float] = {}
        for one in self.requests:
            if one.trace_id.startswith(given) or one.is_about(given):
                here[one.trace_id] = one.at
        for trail in self.history:
            ids = (trail.trace_id or "", trail.event_id, trail.key or "")
            if trail.trace_id and any(one.startswith(given) for one in ids):
                here.setdefault(trail.trace_id, trail.attempts[0].at if trail.attempts else 0.0)
        newest = sorted(here, key=lambda trace: here[trace], reverse=True)
        stored = await store.find(self.dsn, given, limit)
        return list(dict.fromkeys([*newest, *stored]))[:limit]

    async def timeline(self, trace_id: str) -> dict[str, Any]:
        """A trace as a tree of steps."""
        facts = await store.facts(self.dsn, trace_id)
        trails = self.history.of_trace(trace_id)
        records = await self._records(
            {one.event_id for one in facts} | {one.event_id for one in trails}
        )
        events = [make.event(fact, records.get(fact.event_id, ())) for fact in facts]
        known = {fact.event_id for fact in facts}
        events += [make.sent(records[one][0]) for one in records if one not in known]
        places = {node.facts["event_id"]: node for node in events}
        requests = [
            make.request(one, self.system.functions) for one in self.requests.of_trace(trace_id)
        ]
        deliveries = [
            make.delivery(trail, number, attempt, places.get(trail.event_id), self.system.functions)
            for trail in trails
            for number, attempt in enumerate(trail.attempts, 1)
        ]
        _hang_deliveries(deliveries, places)
        steps = requests + deliveries
        roots = requests + _hang_events(events, steps)
        rounds = {pair for node in events for pair in node.rounds}
        told = await store.notices(self.dsn, rounds) if rounds else []
        roots += _hang_notes(told, steps)
        return _document(trace_id, roots)

    async def _records(self, event_ids: Iterable[str]) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        letters = self.system.letter_topics
        for record in await self.log.ask(by_events, list(event_ids)):
            if record.event_id is not None and record.topic not in letters:
                found.setdefault(record.event_id, []).append(record)
        return found


def _document(trace_id: str, roots: list[Node]) -> dict[str, Any]:
    roots.sort(key=lambda node: node.at)
    everyone = [node for root in roots for node in root.every()]
    began = min((node.at for node in everyone), default=0.0)
    ended = max((node.end for node in everyone), default=0.0)
    return {
        "trace_id": trace_id,
        "at": began,
        "ms": ended - began,
        "steps": [root.document(began) for root in roots],
    }


def _hang_deliveries(deliveries: Sequence[Node], events: Mapping[str, Node]) -> None:
    for node in deliveries:
        if (event := events.get(node.facts["event_id"])) is not None:
            event.children.append(node)


def _hang_events(events: Sequence[Node], steps: Sequence[Node]) -> list[Node]:
    """Put each event below the call that said it; those whose call is forgotten are returned."""
    by_span = {step.span: step for step in steps if step.span}
    left = []
    for event in events:
        step = by_span.get(event.parent or "")
        if step is None:
            left.append(event)
        else:
            step.children.append(event)
            step.rounds |= event.rounds
    return left


def _hang_notes(told: Sequence[store.Notice], steps: Sequence[Node]) -> list[Node]:
    """Put each notification below the call that wrote it.

    It is the shortest call of its database about that student and round whose time holds the
    notification's. A notification that no call of this trace wrote belongs to another one, unless
    no call is remembered.
    """
    left = []
    for node in map(make.notification, told):
        around = [
            step
            for step in steps
            if step.database in (node.database, None)
            and node.rounds <= step.rounds
            and step.at <= node.at <= step.end
        ]
        if around:
            min(around, key=lambda step: step.ms or 0.0).children.append(node)
        elif not steps:
            left.append(node)
    return left
