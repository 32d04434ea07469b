"""A real Kafka's topics, in asyncio's words."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from learnflow.local.kafka_words import QUIET, code, words
from learnflow.local.records import LogUnavailable
from learnflow.manifests import Topic

_REPLY: Final = 10.0
Place = tuple[str, int]


class KafkaAdmin:
    """Asks the brokers at `address` (HOST:PORT, several with commas).

    Every call raises LogUnavailable when they do not answer.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = AdminClient({"bootstrap.servers": address}, logger=QUIET)

    async def partitions(self) -> dict[str, int]:
        """How many partitions each topic has."""

        def ask() -> Any:
            return self._client.list_topics(timeout=_REPLY)

        try:
            found = await asyncio.to_thread(ask)
        except KafkaException as why:
            raise LogUnavailable(f"Kafka does not answer: {words(why)}") from why
        return {name: len(one.partitions) for name, one in found.topics.items()}

    async def ids(self, topics: Iterable[str]) -> dict[str, str]:
        """The id of each of these topics that is there: one made anew has another."""
        asked = self._client.describe_topics(TopicCollection([*topics]), request_timeout=_REPLY)
        found: dict[str, str] = {}
        for name, future in asked.items():
            try:
                found[name] = str((await asyncio.wrap_future(future)).topic_id)
            except KafkaException as why:
                if code(why) != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise LogUnavailable(f"Kafka does not answer: {words(why)}") from why
        return found

    async def make(self, topics: Iterable[Topic]) -> None:
        """Make topics as their manifests say, each kept once."""
        new = [
            NewTopic(one.name, one.partitions, 1, config={"retention.ms": _milliseconds(one)})
            for one in topics
        ]
        for name, future in (self._client.create_topics(new) if new else {}).items():
            try:
                await asyncio.wrap_future(future)
            except KafkaException as why:
                if code(why) != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise LogUnavailable(f"topic {name} cannot be made: {words(why)}") from why

    async def bounds(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        """The oldest offset and the next free one of each partition.

        Asked by a consumer, which finds out by itself who leads a topic that was just made.
        """
        return await asyncio.to_thread(self._watermarks, places)

    def _watermarks(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        asking = Consumer({"bootstrap.servers": self._address, "group.id": "none"}, logger=QUIET)
        try:
            return {
                place: asking.get_watermark_offsets(TopicPartition(*place), _REPLY)
                for place in places
            }
        except KafkaException as why:
            raise LogUnavailable(f"Kafka does not answer: {words(why)}") from why
        finally:
            asking.close()


def _milliseconds(topic: Topic) -> str:
    seconds = topic.retention_seconds
    return "-1" if seconds == float("inf") else str(int(seconds * 1000))
