"""Events from the real Kafka to the functions' URLs, by the embedded mode's own dispatcher.

It does what Knative's data plane would, which is in no package registry: the KafkaSources that were
applied say from which topics to which function, with which retries and dead letters.
"""

import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from learnflow.local.bus import Bus, open_log
from learnflow.local.dispatch import Dispatcher
from learnflow.local.instances import Answer, Unserved
from learnflow.local.postgres import EmbeddedPostgres
from learnflow.manifests import read_system
from tests.cluster import node
from tests.cluster.deploy import ROOT


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


@asynccontextmanager
async def carried() -> AsyncIterator[tuple[Dispatcher, ByUrl]]:
    """Carry events while the context lasts; offsets are the KafkaSources' groups' own."""
    system = read_system(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # Postgres runs as nobody when we are root
        state, sockets = Path(folder, "state"), Path(folder, "s")
        state.mkdir()
        sockets.mkdir()
        postgres = EmbeddedPostgres(state, sockets)
        await postgres.start()
        try:
            log = await open_log(Bus(kafka=node.KAFKA), postgres, system.topics)
            async with ClientSession(timeout=ClientTimeout(total=None)) as session:
                functions = ByUrl(session)
                dispatcher = Dispatcher(system, log, functions)
                await dispatcher.start()
                try:
                    yield dispatcher, functions
                finally:
                    await dispatcher.stop()
                    await log.close()
        finally:
            await postgres.stop()
