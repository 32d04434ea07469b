"""Events from the real Kafka to the functions' URLs, by the embedded mode's own dispatcher.

It does what Knative's data plane would, which is in no package registry: the cluster's KafkaSources
say from which topics to which function, with which retries and dead letters.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from learnflow.local.bus import Bus, open_log
from learnflow.local.cloudevent import CloudEvent
from learnflow.local.delivery import Delivery
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.instances import Answer, Unserved
from learnflow.local.postgres import EmbeddedPostgres
from learnflow.local.recognition import Recognition, recognise
from learnflow.local.records import Record
from learnflow.manifests import read_system
from learnflow.manifests.document import Document
from learnflow.manifests.messaging import source_of
from tests.cluster import node
from tests.cluster.topics import forget_group, groups

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = "-on-"
"""In the name of every source's group."""


class ByUrl:
    """The functions at their cluster-local URLs, through the ingress, the activator and
    queue-proxy; `answers` counts what each answered."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self.answers: Counter[tuple[str, int]] = Counter()

    async def request(
        self, function: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The function's answer. Raises Unserved when it gives none."""
        try:
            async with self._session.request(
                method, f"{node.INTERNAL}{path}", headers=headers, data=body
            ) as answer:
                self.answers[function, answer.status] += 1
                said = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status, said, await answer.read(), None)
        except ClientError as why:
            raise Unserved(0, str(why) or type(why).__name__) from why


class Overriding(Dispatcher):
    """The dispatcher of one KafkaSource, whose `ceOverrides` its events get."""

    extensions: Mapping[str, str] = {}
    heard: Callable[[CloudEvent], None]

    async def _deliver(self, delivery: Delivery, record: Record) -> None:
        seen = recognise(record, delivery.source.name, self.namespace)
        event = seen.event.extended(self.extensions)
        self.heard(event)
        await delivery.deliver(record, Recognition(seen.mode, event, seen.reason))


class Carrier:
    """Carries what the cluster's KafkaSources say; Kafka is first opened with the first of them."""

    def __init__(self) -> None:
        self._open = AsyncExitStack()
        self._clean = False
        self._postgres: EmbeddedPostgres | None = None
        self._state = Path()
        self._functions: ByUrl | None = None
        self.log: EventLog | None = None
        self.sources: dict[str, tuple[int, Overriding]] = {}
        self.replayed: Counter[str] = Counter()
        """How many events went out with each `replayid`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for _, dispatcher in self.sources.values():
            await dispatcher.stop()
        await self._closed()
        await self._open.aclose()

    async def keep(self, documents: Sequence[Document]) -> None:
        """Begin with the sources that are new or changed, end those that are gone."""
        wanted = {each.name: each for each in documents}
        for name in [one for one in self.sources if one not in wanted]:
            _, dispatcher = self.sources[name]
            await dispatcher.stop()
            await forget_group(node.KAFKA, dispatcher.sources[name].group)
            del self.sources[name]
        if not wanted:
            await self._closed()
            await self._swept()
        for name, document in wanted.items():
            generation = int(document.fields["metadata"]["generation"])
            if name in self.sources and self.sources[name][0] == generation:
                continue
            if name in self.sources:
                await self.sources[name][1].stop()
            self.sources[name] = generation, await self._begun(document)

    def document(self) -> list[dict[str, Any]]:
        """Every source as the embedded control API shows it."""
        return [one for _, each in self.sources.values() for one in each.document()]

    async def _begun(self, document: Document) -> Overriding:
        source = source_of(document)
        log = await self._opened()
        system = replace(read_system(ROOT), sources={source.name: source})
        assert self._functions is not None
        dispatcher = Overriding(system, log, self._functions)
        overrides = document.at("spec", "ceOverrides", "extensions")
        dispatcher.extensions = dict(overrides or {})
        dispatcher.heard = self._hear
        await dispatcher.start()
        log.renewed = self._renew
        return dispatcher

    def _hear(self, event: CloudEvent) -> None:
        if replay := event.attributes.get("replayid"):
            self.replayed[replay] += 1

    async def _renew(self, topic: str) -> None:
        for _, each in self.sources.values():
            await each.renew(topic)

    async def _opened(self) -> EventLog:
        self._clean = False
        if self.log is None:
            if self._postgres is None:
                self._postgres = await self._index()
                session = ClientSession(timeout=ClientTimeout(total=None))
                self._functions = ByUrl(await self._open.enter_async_context(session))
            topics = read_system(ROOT).topics
            self.log = await open_log(Bus(kafka=node.KAFKA), self._postgres, topics, self._state)
        return self.log

    async def _index(self) -> EmbeddedPostgres:
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        Path(folder).chmod(0o755)  # Postgres runs as nobody when we are root
        self._state, sockets = Path(folder, "state"), Path(folder, "s")
        self._state.mkdir()
        sockets.mkdir()
        postgres = EmbeddedPostgres(self._state, sockets)
        await postgres.start()
        self._open.push_async_callback(postgres.stop)
        return postgres

    async def _swept(self) -> None:
        """Once there is no source: groups of those that were deleted while nobody acted."""
        if not self._clean:
            for group in await groups(node.KAFKA):
                if SOURCES in group:
                    await forget_group(node.KAFKA, group)
            self._clean = True

    async def _closed(self) -> None:
        if self.log is not None:
            await self.log.close()
            self.log = None
