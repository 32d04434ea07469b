"""Topics as Strimzi's operator keeps them: made with their KafkaTopic, deleted with it."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from learnflow.local.kafka_admin import KafkaAdmin, Place
from learnflow.local.kafka_words import QUIET, code, words
from learnflow.local.records import LogUnavailable
from learnflow.manifests import Topic

_REPLY: Final = 10.0


class Topics:
    """Those of the broker at `address`; calls raise LogUnavailable when it does not answer."""

    def __init__(self, address: str) -> None:
        self._admin = KafkaAdmin(address)
        self._deleting = AdminClient({"bootstrap.servers": address}, logger=QUIET)
        self._kept: set[str] = set()

    async def keep(self, wanted: Sequence[Topic]) -> None:
        """Make those that are new, delete those that were kept and are wanted no more."""
        names = {each.name for each in wanted}
        if names != self._kept:
            present = await self.present()
            await self._admin.make(each for each in wanted if each.name not in present)
            await _settled(
                self._deleting.delete_topics(sorted(self._kept - names & present)).values()
                if self._kept - names & present
                else ()
            )
            self._kept = names

    async def present(self) -> set[str]:
        """The broker's topics, without its own."""
        return {each for each in await self._admin.partitions() if not each.startswith("__")}

    async def bounds(self) -> dict[Place, tuple[int, int]]:
        """The oldest offset and the next free one of each partition that is kept."""
        counts = await self._admin.partitions()
        kept = [each for each in self._kept if each in counts]
        places = [(each, part) for each in kept for part in range(counts[each])]
        return await self._admin.bounds(places)


async def forget_group(address: str, group: str) -> None:
    """Delete a consumer group, as the KafkaSource's controller does with its source."""
    client = AdminClient({"bootstrap.servers": address}, logger=QUIET)
    await _settled(client.delete_consumer_groups([group]).values())


async def groups(address: str) -> set[str]:
    """The consumer groups that the broker knows."""
    client = AdminClient({"bootstrap.servers": address}, logger=QUIET)
    found = await asyncio.wrap_future(client.list_consumer_groups())
    return {each.group_id for each in found.valid}


async def _settled(futures: Iterable[object]) -> None:
    for each in futures:
        try:
            await asyncio.wrap_future(each)  # type: ignore[arg-type]
        except KafkaException as why:
            if code(why) == KafkaError.GROUP_ID_NOT_FOUND:
                continue
            raise LogUnavailable(f"Kafka: {words(why)}") from why
