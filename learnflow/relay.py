"""The relay as a process of its own: from the outboxes through daprd to Kafka, until SIGTERM.

It answers on PORT: /healthz while it runs, /readyz when daprd can be asked as well, /metrics.
"""

import asyncio
import logging
import signal
from collections.abc import Mapping, Sequence
from typing import Final

import uvloop
from aiohttp import web

from db.relay import RelaySettings, run
from eventing.dapr_publish import DaprPubSub
from eventing.publish import Message, PubSub, PubSubUnavailable
from learnflow.runtime.metrics import Counter, metrics
from learnflow.settings import Settings, SettingsError

EVENTS: Final = Counter(
    "learnflow_relay_events", "What became of what the relay gave to daprd.", "outcome"
)


class CountedPubSub:
    """A bus whose outcomes are counted."""

    def __init__(self, inner: PubSub) -> None:
        self._inner = inner

    async def publish(self, messages: Sequence[Message]) -> list[str | None]:
        """As the bus that it stands before."""
        try:
            results = await self._inner.publish(messages)
        except PubSubUnavailable:
            EVENTS.add("unavailable")
            raise
        for refused in results:
            EVENTS.add("refused" if refused else "published")
        return results


def main(settings: Settings) -> None:
    """Relay until SIGTERM. Raises SettingsError when daprd or every database is missing."""
    databases = addresses(settings)
    if settings.dapr_http_port is None:
        raise SettingsError("DAPR_HTTP_PORT is not set")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_relay(databases, settings.dapr_http_port, settings))


def addresses(settings: Settings) -> dict[str, str]:
    """The databases whose outboxes it reads. Raises SettingsError when there is none."""
    said = {
        "students": settings.students_database_url,
        "tutors": settings.tutors_database_url,
        "matching": settings.matching_database_url,
    }
    given = {short: dsn for short, dsn in said.items() if dsn}
    if not given:
        raise SettingsError("LEARNFLOW_STUDENTS_DATABASE_URL and the others are not set")
    return given


async def _relay(databases: Mapping[str, str], dapr_port: int, settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    limits = RelaySettings(
        stuck_after=settings.relay_stuck_seconds, stuck_every=settings.relay_look_seconds
    )
    async with DaprPubSub(dapr_port) as bus:
        answering = await answer(bus, settings.port)
        try:
            await run(databases, CountedPubSub(bus), stop, limits)
        finally:
            await answering.cleanup()


async def answer(bus: DaprPubSub, port: int) -> web.AppRunner:
    """Answer probes and Prometheus on every address of the pod."""

    async def healthy(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def ready(_: web.Request) -> web.Response:
        there = await bus.ready()
        return web.Response(status=200 if there else 503, text="ok" if there else "no daprd")

    async def measured(_: web.Request) -> web.Response:
        reply = await metrics()
        headers = {name.decode(): value.decode() for name, value in reply.headers}
        return web.Response(status=reply.status, body=reply.body, headers=headers)

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", healthy),
            web.get("/readyz", ready),
            web.get("/metrics", measured),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host=None, port=port).start()
    return runner
