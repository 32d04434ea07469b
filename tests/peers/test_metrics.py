"""The metrics of daprd that alerts and dashboards ask for, as a real one says them."""

import aiohttp

from eventing.dapr_publish import DaprPubSub
from tests.manifests.monitored import SEEN
from tests.peers.broker import Broker, Sidecar
from tests.peers.test_publishing import message


async def test_daprd_says_every_metric_that_is_asked_of_it(
    broker: Broker, sidecar: Sidecar
) -> None:
    async with DaprPubSub(sidecar.port) as pubsub:
        assert await pubsub.publish([message("measured")]) == [None]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{sidecar._metrics}/metrics") as answer,
    ):
        said = await answer.text()
    wanted = {name for name in SEEN if name.startswith("dapr_")}
    assert {name for name in wanted if f"\n{name}{{" in said} == wanted
