"""Writing to a real Kafka: each record is awaited until the brokers keep it."""

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer

from learnflow.local.kafka_words import QUIET, code, failure
from learnflow.local.records import NewRecord

_DELIVERY_MS: Final = 8_000
"""How long a record may take to be durable; whoever sent it asks again after that."""
_POLL: Final = 0.2
_STALE: Final = frozenset({KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION})
"""What the client says by itself, also for a while of a topic that was made anew."""


class KafkaWriter:
    """A producer; its thread passes on what the brokers answered."""

    def __init__(self, address: str) -> None:
        settings: dict[str, str | int | float | bool] = {
            "bootstrap.servers": address,
            "acks": "all",
            "linger.ms": 1,
            "message.timeout.ms": _DELIVERY_MS,
            "reconnect.backoff.max.ms": 1_000,
        }
        self._producer = Producer(settings, logger=QUIET)
        self._closed = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="kafka writer", daemon=True)
        self._poller.start()

    async def close(self) -> None:
        """Let what was written arrive, and end."""
        self._closed.set()
        await asyncio.to_thread(self._poller.join)

    async def write(self, records: Sequence[tuple[NewRecord, int]]) -> list[int]:
        """Write records into partitions; returns the offset of each, once Kafka keeps them all.

        Raises RecordRefused or LogUnavailable; some of them may be written all the same.
        """
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.Future[int]] = [loop.create_future() for _ in records]
        try:
            for (record, partition), future in zip(records, waiting, strict=True):
                await self._patiently(record, partition, future)
        except (BufferError, KafkaException) as why:
            for future in waiting:
                future.cancel()
            raise failure(why) from why
        if waiting:
            await asyncio.wait(waiting)  # none is left behind when one fails
        return [future.result() for future in waiting]

    async def _patiently(
        self, record: NewRecord, partition: int, future: "asyncio.Future[int]"
    ) -> None:
        """Hand it over; a topic that is not known is asked for before it counts as unknown."""
        deadline = time.monotonic() + _DELIVERY_MS / 1000
        while True:
            try:
                return self._produce(record, partition, asyncio.get_running_loop(), future)
            except KafkaException as why:
                if code(why) not in _STALE or time.monotonic() > deadline:
                    raise
            with suppress(KafkaException):
                await asyncio.to_thread(self._producer.list_topics, record.topic, _POLL)
            await asyncio.sleep(_POLL)

    def _produce(
        self,
        record: NewRecord,
        partition: int,
        loop: asyncio.AbstractEventLoop,
        future: "asyncio.Future[int]",
    ) -> None:
        def answered(error: KafkaError | None, message: Any) -> None:
            why = None if error is None else failure(KafkaException(error))
            loop.call_soon_threadsafe(_settle, future, why, message.offset())

        self._producer.produce(
            record.topic,
            value=record.value,
            key=None if record.key is None else record.key.encode(),
            headers=[(name, value.encode()) for name, value in record.headers.items()],
            partition=partition,
            timestamp=record.timestamp,
            on_delivery=answered,
        )

    def _poll(self) -> None:
        while not self._closed.is_set():
            self._producer.poll(_POLL)
        self._producer.flush(5)


def _settle(future: "asyncio.Future[int]", why: Exception | None, offset: int) -> None:
    if future.done():
        return
    if why is None:
        future.set_result(offset)
    else:
        future.set_exception(why)
