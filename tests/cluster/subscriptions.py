"""The overlay dapr-subscriptions on the node: always-on functions, fed by their own sidecars."""

import time
from typing import Any

from learnflow.cluster.client import Cluster
from tests.cluster import node
from tests.cluster.acting import SOURCE, acting
from tests.cluster.deploy import DAPR, deploy
from tests.cluster.story import one_match


async def exchanged() -> None:
    """Take the KafkaSources away, then bring the overlay up: never both at once."""
    async with acting(), await Cluster.open() as cluster:
        for each in await cluster.all(*SOURCE, node.NAMESPACE):
            await cluster.delete(each)
        await deploy(DAPR)


async def one_match_by_dapr() -> dict[str, Any]:
    """One match, with nobody to carry events but daprd; what the student is told, and `seconds`."""
    await exchanged()
    async with await Cluster.open() as cluster:
        if await cluster.all(*SOURCE, node.NAMESPACE):
            raise node.Refused("KafkaSources are still there: each event would come twice")
    began = time.monotonic()
    told = await one_match(180)
    return {**told, "seconds": time.monotonic() - began}
