"""One LearnFlow at a time over one Kafka: whoever is in the group of runners has it.

Topics and groups have the cluster's names. A second runner, with databases of its own, would be
given the first one's facts, and both would move the same offsets.
"""

import asyncio
import threading
import time
from contextlib import suppress
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from learnflow.local.kafka_words import QUIET, code, words
from learnflow.local.records import LogUnavailable

GROUP: Final = "learnflow-runner"
GONE_SECONDS: Final = 10
"""So long a runner that was killed is taken for one that lives."""
_REPLY: Final = 1.0
"""A question that a new cluster leaves open is answered when it is asked again."""
_POLL: Final = 0.2
_LOOK: Final = 0.1
_LOOKS: Final = 100
_PATIENCE: Final = 15.0
_NOT_YET: Final = frozenset(
    {
        *(KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS),
        *(KafkaError.NOT_COORDINATOR, KafkaError._TIMED_OUT),
    }
)


class Taken(Exception):
    """Another runner works over this Kafka; the text says where its data is."""


class KafkaLease:
    """Membership of the runners' group at `address`; `owner` names whose data this runner has."""

    def __init__(self, address: str, owner: str) -> None:
        self._address, self._owner = address, owner
        self._admin = AdminClient({"bootstrap.servers": address}, logger=QUIET)
        self._stopped = threading.Event()
        self._member: Consumer | None = None
        self._thread: threading.Thread | None = None

    async def take(self, topic: str) -> None:
        """Have it until `release`; any topic that is there will do. Raises Taken, LogUnavailable.

        Of two that come at the same moment each may see the other, and both leave.
        """
        await self._only_us()
        self._join(topic)
        for _ in range(_LOOKS):
            if self._owner in await self._members():
                break
            await asyncio.sleep(_LOOK)
        await self._only_us()

    async def release(self) -> None:
        """Let the next one have it at once."""
        self._stopped.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    async def _only_us(self) -> None:
        if others := sorted(set(await self._members()) - {self._owner}):
            raise Taken(others[0])

    async def _members(self) -> list[str]:
        """Who is in the group, also while it finds itself anew."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            (asked,) = self._admin.describe_consumer_groups(
                [GROUP], request_timeout=_REPLY
            ).values()
            try:
                found: Any = await asyncio.wrap_future(asked)
            except KafkaException as why:
                if code(why) == KafkaError.GROUP_ID_NOT_FOUND:
                    return []
                if time.monotonic() > deadline or code(why) not in _NOT_YET:
                    raise LogUnavailable(f"Kafka does not answer: {words(why)}") from why
                await asyncio.sleep(_LOOK)
            else:
                return [member.client_id for member in found.members]

    def _join(self, topic: str) -> None:
        settings: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self._address,
            "group.id": GROUP,
            "client.id": self._owner,
            "session.timeout.ms": GONE_SECONDS * 1000,
            "heartbeat.interval.ms": 1_000,
            "enable.auto.commit": False,
            "reconnect.backoff.max.ms": 1_000,
        }
        self._member = Consumer(settings, logger=QUIET)
        self._member.subscribe([topic], on_assign=_read_nothing)
        self._thread = threading.Thread(
            target=self._stay, args=(self._member,), name="kafka lease", daemon=True
        )
        self._thread.start()

    def _stay(self, member: Consumer) -> None:
        try:
            while not self._stopped.is_set():
                with suppress(KafkaException):
                    member.poll(_POLL)
        finally:
            member.close()


def _read_nothing(member: Any, _: Any) -> None:
    member.assign([])
