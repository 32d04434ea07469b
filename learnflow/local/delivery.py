"""Delivering one event to one function by Knative's rules: attempts, waits, dead letter."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final, Protocol

from learnflow.local.cloudevent import CloudEvent
from learnflow.local.deadletter import DeadLetters, with_error
from learnflow.local.history import Attempt, History, Trail
from learnflow.local.instances import Answer, Unserved
from learnflow.local.recognition import Recognition
from learnflow.local.records import Record
from learnflow.local.spans import clock_ms, told, trace_and_span
from learnflow.manifests import Source

_RETRYABLE: Final = frozenset({404, 408, 409, 429})
_REPLY_NOTE: Final = "answered {} with a body: a Kafka Broker Trigger would dead-letter this"


class Functions(Protocol):
    """Where deliveries go: the functions' instances, started when there is none."""

    async def request(
        self, function: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The function's answer. Raises Unserved when it gives none."""
        ...


def is_success(status: int | None) -> bool:
    """Whether the event counts as delivered."""
    return status is not None and status < 300


def is_retryable(status: int | None) -> bool:
    """Whether another attempt may help; None stands for a transport error or a timeout."""
    return status is None or status >= 500 or status in _RETRYABLE


class Delivery:
    """Delivers events of one source to its function until each is accepted or a dead letter."""

    def __init__(
        self,
        source: Source,
        namespace: str,
        functions: Functions,
        dead_letters: DeadLetters,
        history: History,
    ) -> None:
        self.source = source
        self._host = f"{source.sink}.{namespace}.svc.cluster.local"
        self._namespace = namespace
        self._functions = functions
        self._dead_letters = dead_letters
        self._history = history
        self.delivered = self.dead = 0
        self.waiting: set[asyncio.Task[None] | None] = set()

    async def deliver(
        self, record: Record, recognition: Recognition, replay: str | None = None
    ) -> Trail:
        """Return when the function has accepted the event, or it lies with the dead letters."""
        trail = self._trail(record, recognition, replay)
        headers = self._headers(recognition.event)
        body = recognition.event.data or b""
        retry, rules = 0, self.source.delivery
        while True:
            began = clock_ms()
            try:
                attempt, answer = await self._attempt(headers, body)
            except ValueError as why:  # a header value that HTTP cannot carry, now or later
                reason = f"the request cannot be written: {why}"
                trail.attempts.append(Attempt(None, 0, None, reason, began))
                answer = None
                break
            trail.attempts.append(attempt)
            if is_success(attempt.status):
                return self._accepted(trail, answer)
            if retry >= rules.retry or not is_retryable(attempt.status):
                break
            retry += 1
            trail.state = f"waiting for retry {retry} of {rules.retry}"
            self._history.changed(trail)
            await self._wait(rules.wait_before(retry))
            trail.state = "in flight"
        await self._give_up(trail, record, recognition.event, answer)
        return trail

    def _trail(self, record: Record, recognition: Recognition, replay: str | None) -> Trail:
        trace, parent = trace_and_span(recognition.event.attributes.get("traceparent"))
        trail = Trail(
            event_id=record.event_id or recognition.event.id,
            source=self.source.name,
            function=self.source.sink,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            recognised=recognition.mode,
            wrapped_because=recognition.reason,
            replay=replay,
            trace_id=trace,
            parent=parent,
        )
        self._history.add(trail)
        return trail

    def _headers(self, event: CloudEvent) -> dict[str, str]:
        headers, _ = event.http()
        return {
            "host": self._host,
            "prefer": "reply",
            "kn-namespace": self._namespace,
            "user-agent": "learnflow-kafka-source",
            **headers,
        }

    async def _attempt(
        self, headers: Mapping[str, str], body: bytes
    ) -> tuple[Attempt, Answer | None]:
        at, began = clock_ms(), time.perf_counter()
        answer: Answer | None = None
        reason: str | None = None
        try:
            async with asyncio.timeout(self.source.delivery.timeout):
                answer = await self._functions.request(self.source.sink, "POST", "/", headers, body)
        except TimeoutError:
            reason = f"no answer within {self.source.delivery.timeout:g} s"
        except Unserved as why:
            reason = str(why)
            answer = Answer(why.status, {}, b"", None) if why.status else None
        ms = (time.perf_counter() - began) * 1000
        if answer is None:
            return Attempt(None, ms, None, reason, at), None
        if reason is None and not is_success(answer.status):
            reason = answer.body[:300].decode(errors="replace") or None
        reason = reason or answer.note
        said = told(answer.headers)
        return Attempt(answer.status, ms, answer.cold_start_ms, reason, at, said), answer

    async def _wait(self, seconds: float) -> None:
        task = asyncio.current_task()
        self.waiting.add(task)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.waiting.discard(task)

    def _accepted(self, trail: Trail, answer: Answer | None) -> Trail:
        trail.state = "delivered"
        if answer is not None and answer.body:
            trail.note = _REPLY_NOTE.format(answer.status)
        self.delivered += 1
        self._history.changed(trail)
        return trail

    async def _give_up(
        self, trail: Trail, record: Record, event: CloudEvent, answer: Answer | None
    ) -> None:
        if self.source.delivery.dead_letter is None:
            trail.state, trail.note = "lost", "the source has no deadLetterSink"
            self._history.changed(trail)
            return
        status, headers, body = (
            (answer.status, answer.headers, answer.body) if answer else (None, {}, b"")
        )
        letter = with_error(event, f"http://{self._host}", status, headers, body)
        trail.state = "waiting for the dead letter to be written"
        await self._dead_letters.keep(letter, record, self.source, trail.attempts[-1].reason)
        trail.state = "dead letter"
        self.dead += 1
        self._history.changed(trail)
