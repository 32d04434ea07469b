"""`learnflow cluster up` and `down` on the node, the operators that are not here acted for."""

import asyncio
import hashlib
import os
import subprocess
import time
from pathlib import Path
from typing import Final

from learnflow.cluster import bringing_up, taking_down
from learnflow.cluster.checking import Options
from learnflow.cluster.client import Cluster
from learnflow.cluster.operators import OPERATORS, settings
from learnflow.cluster.plan import Plan, plan
from learnflow.manifests.document import Document
from tests.cluster import node
from tests.cluster.acting import acting

ROOT: Final = Path(__file__).parents[2]
OVERLAY: Final = ROOT / "tests" / "cluster" / "overlay"
DAPR: Final = ROOT / "tests" / "cluster" / "overlay-dapr"
IMAGES: Final = ("core", "match")
PATIENCE_SECONDS: Final = 300.0


class Said:
    """What a command tells while it runs, line by line."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self, text: str) -> None:
        """Passing: not kept."""

    def line(self, state: str, stage: str, detail: str) -> None:
        """A line that stays."""
        seconds = time.monotonic() - self._began
        print(f"{seconds:6.1f} s  {state:5} {stage:14} {detail}", flush=True)


def image_tags() -> str:
    """The tags of both images, by what the node holds: the same tag makes no new revision."""
    return ",".join(map(_image_tag, IMAGES))


def _image_tag(short: str) -> str:
    name = f"dev.local/learnflow-{short}"
    listed = subprocess.run(
        ["ctr", "-n", "k8s.io", "images", "ls", f"name=={name}:dev"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    if len(listed) < 2:
        raise node.Refused(f"{name}:dev is not on the node: python -m tests.cluster images")
    tag = hashlib.sha256(listed[1].split()[2].encode()).hexdigest()[:12]
    subprocess.run(
        ["ctr", "-n", "k8s.io", "images", "tag", "--force", f"{name}:dev", f"{name}:{tag}"],
        capture_output=True, check=True,
    )  # fmt: skip
    return tag


def planned(overlay: Path = OVERLAY) -> Plan:
    """The overlay's resources with the node's images."""
    return plan(str(overlay), image_tags())


def prepare(testbed: str | None) -> None:
    """What the testbed's commands leave to the project: the other types, Serving's metrics as
    `cluster up` sets them, and Dapr's setting without which `restricted` refuses the sidecars."""
    folder = Path(testbed or "").resolve().parent / "crds"
    if not folder.is_dir():
        raise node.Refused(f"{folder} is not there: say --testbed FOLDER, with crds beside it")
    for file in sorted(folder.glob("*.yaml")):
        if file.stem.split("-")[0] in ("strimzi", "cnpg", "prometheus"):
            node.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
    serving = next(each for each in OPERATORS if each.name == "Knative Serving")
    node.apply_fields(*settings(serving, small=False))
    injector = ("deployment/dapr-sidecar-injector", "-n", "dapr-system")
    node.kubectl("set", "env", *injector, "SIDECAR_DROP_ALL_CAPABILITIES=true")
    node.kubectl("rollout", "status", *injector, "--timeout=120s")


async def deploy(overlay: Path = OVERLAY) -> dict[str, str]:
    """`learnflow cluster up`, without operators; the functions' addresses."""
    options = Options(skip_operators=True, skip_room=True, patience=PATIENCE_SECONDS)
    async with acting(), await Cluster.open() as cluster:
        return await bringing_up.up(cluster, planned(overlay), options, Said())


async def remove() -> int:
    """`learnflow cluster down`, and the databases' folders; how many resources there were."""
    async with acting(), await Cluster.open() as cluster:
        count = await taking_down.down(cluster, planned(), Said(), keep_data=False)
        await asyncio.to_thread(node.wait, "no volume is left", _no_volumes, 60)
        return count


def _no_volumes() -> bool:
    listed = node.found("persistentvolumes")["items"]
    folders = os.listdir(node.state_folder()) if node.state_folder().is_dir() else ()
    return not folders and not [one for one in listed if _ours(one["metadata"]["name"])]


def _ours(name: str) -> bool:
    return name.startswith("learnflow-")


def crd(document: Document) -> str | None:
    """The group and kind of a custom resource; None for Kubernetes' own."""
    group = str(document.at("apiVersion")).rpartition("/")[0]
    own = "." not in group or group.endswith(".k8s.io")
    return None if own else f"{document.kind}.{group}"


def known_crds() -> frozenset[str]:
    """The custom resources that the API server knows, as KIND.GROUP."""
    listed = node.found("customresourcedefinitions")["items"]
    return frozenset(f"{each['spec']['names']['kind']}.{each['spec']['group']}" for each in listed)
