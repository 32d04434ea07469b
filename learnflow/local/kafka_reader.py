"""Reading a real Kafka: every partition from an offset on, batch by batch, in order."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from learnflow.local.cloudevent import Invalid
from learnflow.local.kafka_words import QUIET, words
from learnflow.local.recognition import read
from learnflow.local.records import Record

_BATCH: Final = 500
_POLL: Final = 0.2
_logger = logging.getLogger(__name__)
Take = Callable[[Sequence[Record]], Awaitable[None]]


class KafkaReader:
    """A consumer in a thread; it joins no group, and waits until each batch is taken."""

    def __init__(self, address: str, take: Take) -> None:
        self._address, self._take = address, take
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, starts: Mapping[tuple[str, int], int]) -> None:
        """Read on from these offsets."""
        self._stopped.clear()
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(
            target=self._run, args=(loop, dict(starts)), name="kafka reader", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """Take nothing more; what is being taken is taken first."""
        self._stopped.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self, loop: asyncio.AbstractEventLoop, starts: Mapping[tuple[str, int], int]) -> None:
        settings: dict[str, Any] = {
            "bootstrap.servers": self._address,
            "group.id": "learnflow-embedded",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.error.backoff.ms": 100,
            "reconnect.backoff.max.ms": 1_000,
        }
        consumer = Consumer(settings, logger=QUIET)
        try:
            consumer.assign([TopicPartition(*place, offset) for place, offset in starts.items()])
            while not self._stopped.is_set():
                self._hand_over(loop, self._batch(consumer))
        finally:
            consumer.close()

    def _batch(self, consumer: Consumer) -> list[Record]:
        try:
            first = consumer.poll(_POLL)
            found = [] if first is None else [first, *consumer.consume(_BATCH - 1, 0)]
        except KafkaException as why:
            _logger.warning("Kafka: %s", words(why))
            return []
        return [record_of(one) for one in found if one.error() is None]

    def _hand_over(self, loop: asyncio.AbstractEventLoop, records: Sequence[Record]) -> None:
        if not records:
            return

        async def take() -> None:
            await self._take(records)

        try:
            asyncio.run_coroutine_threadsafe(take(), loop).result()
        except (CancelledError, RuntimeError):  # the loop has ended
            self._stopped.set()


def record_of(message: Any) -> Record:
    """A message of the client as a record, with its event's id and type if it carries one."""
    record = Record(
        topic=message.topic(),
        key=None if message.key() is None else message.key().decode(errors="replace"),
        headers={
            name: (value or b"").decode(errors="replace") for name, value in message.headers() or ()
        },
        value=message.value() or b"",
        timestamp=message.timestamp()[1],
        partition=message.partition(),
        offset=message.offset(),
    )
    try:
        _, event = read(record)
    except Invalid:
        return record
    attributes = event.attributes
    names = [attributes.get(name) for name in ("id", "type")]
    return replace(record, event_id=_clean(names[0]), type=_clean(names[1]))


def _clean(text: str | None) -> str | None:
    return None if text is None or "\0" in text else text
