"""Consumer groups' offsets in a real Kafka, read and written without ever joining a group.

By a consumer for each group: librdkafka 2.16's admin calls for the same crash the process (a
segmentation fault) while a new cluster has no coordinator yet.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from learnflow.local.kafka_words import QUIET, words
from learnflow.local.records import LogUnavailable

_REPLY: Final = 10.0
Place = tuple[str, int]


class KafkaGroups:
    """The offsets of any group, by the brokers at `address`; calls raise LogUnavailable."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._members: dict[str, Consumer] = {}

    async def close(self) -> None:
        """Close the connections."""
        for one in self._members.values():
            await asyncio.to_thread(one.close)
        self._members.clear()

    async def committed(self, group: str, places: Sequence[Place]) -> dict[Place, int]:
        """A group's next offset of each of these partitions that it has one of."""
        return await asyncio.to_thread(self._committed, self._of(group), places)

    async def commit(self, group: str, offsets: Mapping[Place, int]) -> None:
        """Write a group's offsets, which must have no members."""
        await asyncio.to_thread(self._commit, self._of(group), offsets)

    def _of(self, group: str) -> Consumer:
        if group not in self._members:
            settings: dict[str, str | int | float | bool] = {
                "bootstrap.servers": self._address,
                "group.id": group,
                "enable.auto.commit": False,
                "reconnect.backoff.max.ms": 1_000,
            }
            self._members[group] = Consumer(settings, logger=QUIET)
        return self._members[group]

    def _committed(self, asking: Consumer, places: Sequence[Place]) -> dict[Place, int]:
        try:
            found = asking.committed([TopicPartition(*place) for place in places], _REPLY)
        except KafkaException as why:
            raise LogUnavailable(f"Kafka does not answer: {words(why)}") from why
        return {(one.topic, one.partition): one.offset for one in found if one.offset >= 0}

    def _commit(self, asking: Consumer, offsets: Mapping[Place, int]) -> None:
        wanted = [TopicPartition(*place, offset) for place, offset in offsets.items()]
        try:
            asking.commit(offsets=wanted, asynchronous=False)
        except KafkaException as why:
            raise LogUnavailable(f"Kafka does not answer: {words(why)}") from why
