"""Everything of the overlay onto the node, wave by wave, each once the one before it is ready."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from db.roles import SHORT_NAMES
from learnflow.local.kafka_admin import KafkaAdmin
from learnflow.manifests import read_system, secrets
from learnflow.manifests.document import Document
from learnflow.manifests.images import with_images
from learnflow.manifests.kustomize import render
from learnflow.manifests.order import waves
from tests.cluster import node

ROOT: Final = Path(__file__).parents[2]
OVERLAY: Final = ROOT / "tests" / "cluster" / "overlay"
NOBODY_ACTS: Final = frozenset({"Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "KafkaSink"})
"""Kinds whose operator cannot be had here: their fields are checked and that is all."""


def image_tag(name: str) -> str:
    """A tag for what the node holds as dev.local/NAME:dev: the same tag makes no new revision."""
    listed = subprocess.run(
        ["ctr", "-n", "k8s.io", "images", "ls", f"name==dev.local/{name}:dev"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    if len(listed) < 2:
        raise node.Refused(f"dev.local/{name}:dev is not on the node: image-build {name} …")
    tag = hashlib.sha256(listed[1].split()[2].encode()).hexdigest()[:12]
    made = f"dev.local/{name}:{tag}"
    subprocess.run(
        ["ctr", "-n", "k8s.io", "images", "tag", "--force", f"dev.local/{name}:dev", made],
        capture_output=True, check=True,
    )  # fmt: skip
    return made


def documents() -> tuple[Document, ...]:
    """The overlay's resources with the node's images."""
    images = {short: image_tag(f"learnflow-{short}") for short in ("core", "match")}
    return with_images(render(ROOT, OVERLAY), images)


def prepare(testbed: str | None) -> None:
    """What the testbed's commands leave to the project: the other types, and Dapr's setting
    without which `restricted` refuses the sidecars."""
    folder = Path(testbed or "").resolve().parent / "crds"
    if not folder.is_dir():
        raise node.Refused(f"{folder} is not there: say --testbed FOLDER, with crds beside it")
    for file in sorted(folder.glob("*.yaml")):
        if file.stem.split("-")[0] in ("strimzi", "cnpg", "prometheus"):
            node.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
    injector = ("deployment/dapr-sidecar-injector", "-n", "dapr-system")
    node.kubectl("set", "env", *injector, "SIDECAR_DROP_ALL_CAPABILITIES=true")
    node.kubectl("rollout", "status", *injector, "--timeout=120s")


def deploy(crds: frozenset[str]) -> Iterator[tuple[str, float]]:
    """Apply every wave; yields what was done and in how many seconds. Raises Refused."""
    began = time.monotonic()
    for what, chosen in waves(documents()):
        known = [each for each in chosen if crd(each) in crds or not crd(each)]
        node.apply(known)
        if what == "namespaces, accounts, network policies":
            volumes()
            node.apply_fields(*secrets.absent({each["metadata"]["name"] for each in _secrets()}))
        if what == "Kafka":
            node.kubectl("apply", "-f", str(OVERLAY.parent / "kafka-address.yaml"))
        if what == "topics":
            asyncio.run(_topics())
        for each in known:
            _ready(each)
        yield f"{what}: {len(known)} of {len(chosen)}", time.monotonic() - began
        began = time.monotonic()


async def _topics() -> None:
    """Make the topics as their manifests say: Strimzi would."""
    wanted = read_system(ROOT).topics
    admin = KafkaAdmin(node.KAFKA)
    present = await admin.partitions()
    await admin.make(each for name, each in wanted.items() if name not in present)


def _secrets() -> list[dict[str, Any]]:
    return node.items("secrets")


def crd(document: Document) -> str | None:
    """The group and kind of a custom resource; None for Kubernetes' own."""
    group = str(document.at("apiVersion")).rpartition("/")[0]
    own = "." not in group or group.endswith(".k8s.io")
    return None if own else f"{document.kind}.{group}"


def known_crds() -> frozenset[str]:
    """The custom resources that the API server knows, as KIND.GROUP."""
    listed = node.found("customresourcedefinitions")["items"]
    return frozenset(f"{each['spec']['names']['kind']}.{each['spec']['group']}" for each in listed)


def volumes() -> None:
    """A folder of the node for each database's claim: there is no StorageClass."""
    for short in SHORT_NAMES:
        folder = node.state_folder() / short
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, 999, 999)
        node.apply_fields(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": f"learnflow-{short}"},
                "spec": {
                    "capacity": {"storage": "2Gi"},
                    "accessModes": ["ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Retain",
                    "hostPath": {"path": str(folder)},
                    "claimRef": {"namespace": node.NAMESPACE, "name": f"data-{short}-db-0"},
                },
            }
        )


def remove() -> None:
    """Take everything away again, the databases' files too."""
    kinds = ("ksvc", "statefulsets", "deployments", "jobs")
    for kind in kinds:
        node.kubectl("delete", kind, "--all", "-n", node.NAMESPACE, "--wait=false")
    gone = ("delete", "namespace", node.NAMESPACE, "kafka", "--ignore-not-found", "--timeout=600s")
    node.kubectl("--request-timeout=620s", *gone)
    named = [f"learnflow-{short}" for short in SHORT_NAMES]
    node.kubectl("delete", "persistentvolume", *named, "--ignore-not-found")
    shutil.rmtree(node.state_folder(), ignore_errors=True)


def _ready(document: Document) -> None:
    if document.kind in NOBODY_ACTS or document.kind not in WAITS:
        return
    kind, name = document.kind, document.name
    resource = "ksvc" if document.at("apiVersion") == "serving.knative.dev/v1" else kind
    if resource == "Service":
        return
    namespace = str(document.at("metadata", "namespace"))

    def reached() -> bool:
        return WAITS[kind](node.found(resource, name, "-n", namespace))

    node.wait(f"{kind} {name} ready", reached, 120)


def _all_there(found: dict[str, Any]) -> bool:
    status, wanted = found.get("status", {}), found["spec"]["replicas"]
    current = status.get("observedGeneration") == found["metadata"]["generation"]
    counts = (status.get(each, 0) for each in ("replicas", "updatedReplicas", "readyReplicas"))
    return bool(current) and all(count == wanted for count in counts)


def _done(found: dict[str, Any]) -> bool:
    if node.condition(found, "Failed").get("status") == "True":
        raise node.Refused(f"Job {found['metadata']['name']}: {node.condition(found, 'Failed')}")
    return node.condition(found, "Complete").get("status") == "True"


def _serving(found: dict[str, Any]) -> bool:
    current = found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]
    return bool(current and node.condition(found, "Ready").get("status") == "True")


WAITS: Final[dict[str, Callable[[dict[str, Any]], bool]]] = {
    "StatefulSet": _all_there,
    "Deployment": _all_there,
    "Job": _done,
    "Service": _serving,
    "JobSink": lambda found: node.condition(found, "Ready").get("status") == "True",
}
