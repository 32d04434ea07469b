"""What Strimzi's Kafka exporter tells, of the real broker's topics and groups.

It answers on the node; `exporter.yaml` is the pod behind which `learnflow cluster` looks for it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from tests.cluster.carrier import Carrier
from tests.cluster.topics import Topics

ADDRESS: Final = ("10.244.0.1", 19404)


@asynccontextmanager
async def exporting(carrier: Carrier, topics: Topics) -> AsyncIterator[None]:
    """Serve the metrics while the context lasts."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text="\n".join(await _lines(carrier, topics)) + "\n")

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, *ADDRESS).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def _lines(carrier: Carrier, topics: Topics) -> list[str]:
    bounds = await topics.bounds()
    lines = []
    for (topic, part), (low, high) in bounds.items():
        labels = f'{{topic="{topic}",partition="{part}"}}'
        lines.append(f"kafka_topic_partition_oldest_offset{labels} {low}")
        lines.append(f"kafka_topic_partition_current_offset{labels} {high}")
    for name, (_, dispatcher) in [*carrier.sources.items()]:
        source = dispatcher.sources[name]
        committed = await carrier.log.committed(source.group) if carrier.log else {}
        for (topic, part), offset in committed.items():
            if topic in source.topics and (topic, part) in bounds:
                labels = f'{{consumergroup="{source.group}",topic="{topic}",partition="{part}"}}'
                lines.append(f"kafka_consumergroup_lag{labels} {bounds[topic, part][1] - offset}")
    return lines
