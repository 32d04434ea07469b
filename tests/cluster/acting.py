"""Acts for the operators that cannot be had here, on what is applied to the cluster.

Strimzi (topics, the address, Kafka's exporter), the controllers of KafkaSource and KafkaSink, and a
provisioner of volumes. What it has acted on it says in the resource's status, as they would.
"""

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import httpx

from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.readiness import condition
from learnflow.local.progress import StartError
from learnflow.local.records import LogUnavailable
from learnflow.manifests.document import Document
from learnflow.manifests.messaging import topic_of
from tests.cluster import node, volumes
from tests.cluster.carrier import Carrier
from tests.cluster.exporter import exporting
from tests.cluster.topics import Topics
from tools.peers import FOLDER

LOOK_SECONDS: Final = 0.5
PLACE: Final = Path(__file__).parent
KAFKA_NAMESPACE: Final = "kafka"
TOPIC: Final = ("kafka.strimzi.io/v1", "KafkaTopic")
KAFKA: Final = ("kafka.strimzi.io/v1", "Kafka")
SOURCE: Final = ("sources.knative.dev/v1", "KafkaSource")
SAID: Final = (
    KAFKA, TOPIC, ("kafka.strimzi.io/v1", "KafkaNodePool"), ("kafka.strimzi.io/v1", "KafkaUser"),
    ("eventing.knative.dev/v1alpha1", "KafkaSink"), SOURCE,
)  # fmt: skip
Fields = dict[str, Any]
_logger = logging.getLogger(__name__)


class Api(Cluster):
    """The API server, and a controller's word about a resource."""

    async def ready(self, fields: Fields) -> None:
        """Say that a resource is as it was asked for."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {"type": "Ready", "status": "True", "lastTransitionTime": now}
        status: Fields = {"observedGeneration": fields["metadata"]["generation"]}
        await self._ask(
            "PATCH",
            f"{await self._path(fields)}/status",
            json={"status": {**status, "conditions": [said]}},
            headers={"content-type": "application/merge-patch+json"},
        )


class Acting:
    """Looks at everything twice a second, and does what is missing."""

    def __init__(self, api: Api, carrier: Carrier, topics: Topics) -> None:
        self.carrier = carrier
        self._api, self._topics = api, topics
        self._address = False

    async def keep(self) -> None:
        """Act until cancelled; what fails now is tried again."""
        while True:
            try:
                await self._once()
            except (ClusterError, httpx.HTTPError) as why:  # the cluster comes and goes
                _logger.info("%s", why)
            except Exception:
                _logger.exception("acting failed, and goes on")
            await asyncio.sleep(LOOK_SECONDS)

    async def _once(self) -> None:
        found = {kind: await self._api.all(*kind) for kind in SAID}
        await volumes.provide(self._api)
        try:
            await self._topics.keep([topic_of(_document(each)) for each in found[TOPIC]])
            await self._kafka(bool(found[KAFKA]))
            await self.carrier.keep([_document(each) for each in found[SOURCE]])
        except (LogUnavailable, StartError, node.Refused) as why:
            _logger.warning("%s", why)
            return
        for each in (one for kind in SAID for one in found[kind]):
            status = each.get("status") or {}
            told = status.get("observedGeneration") == each["metadata"]["generation"]
            if not (told and condition(each, "Ready")):
                await self._api.ready(each)

    async def _kafka(self, wanted: bool) -> None:
        """The address that Strimzi makes, and its exporter, while there is a Kafka."""
        if wanted != self._address:
            verb = ("apply",) if wanted else ("delete", "--ignore-not-found", "--wait=false")
            files = ("-f", str(PLACE / "kafka-address.yaml"), "-f", str(PLACE / "exporter.yaml"))
            await asyncio.to_thread(node.kubectl, *verb, *files)
            self._address = wanted


def _document(fields: Fields) -> Document:
    return Document(Path("cluster"), fields["kind"], fields["metadata"]["name"], fields)


class Lock:
    """One acts at a time: two dispatchers would deliver everything twice."""

    def __init__(self) -> None:
        self._file = (FOLDER / "acting.lock").open("w")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Iterable[object]) -> None:
        self._file.close()

    def mine(self) -> bool:
        """Whether nobody else acts."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


@asynccontextmanager
async def acting() -> AsyncIterator[Carrier | None]:
    """Act while the context lasts, events too; None where another process does already."""
    with Lock() as lock:
        if not lock.mine():
            yield None
            return
        async with (
            await Api.open() as api,
            Carrier() as carrier,
            exporting(carrier, topics := Topics(node.KAFKA)),
        ):
            task = asyncio.create_task(Acting(api, carrier, topics).keep(), name="acting")
            try:
                yield carrier
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
