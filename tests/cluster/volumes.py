"""A folder of the node for each claim of a database, as a provisioner with reclaim Delete keeps
them: the testbed has no StorageClass."""

import os
import shutil
from pathlib import Path
from typing import Any

from learnflow.cluster.client import Cluster
from tests.cluster import node

Fields = dict[str, Any]


async def provide(api: Cluster) -> None:
    """Give each claim its volume; take away those whose claim is gone."""
    listed = await api.all("v1", "PersistentVolumeClaim", node.NAMESPACE)
    claims = {each["metadata"]["uid"]: each["metadata"]["name"] for each in listed}
    served = set()
    for each in await volumes(api):
        uid = each["spec"]["claimRef"].get("uid")
        served.add(uid)
        if uid not in claims:
            await api.delete(each)
            shutil.rmtree(Path(each["spec"]["hostPath"]["path"]), ignore_errors=True)
    for uid, name in claims.items():
        if uid not in served:
            await api.apply(_volume(name, uid), manager="testbed")


async def volumes(api: Cluster) -> list[Fields]:
    """Ours that are not on their way out."""
    every = await api.all("v1", "PersistentVolume")
    ours = [each for each in every if each["metadata"]["name"].startswith("learnflow-")]
    return [each for each in ours if "deletionTimestamp" not in each["metadata"]]


def _volume(claim: str, uid: str) -> Fields:
    folder = node.state_folder() / uid
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, 999, 999)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"learnflow-{uid}"},
        "spec": {
            "capacity": {"storage": "2Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(folder)},
            "claimRef": {"namespace": node.NAMESPACE, "name": claim, "uid": uid},
        },
    }
