"""The relay as a process of the embedded mode: to the runner's event log, or through daprd."""

import asyncio
import logging
import signal
from typing import Final

import uvloop

from db.relay import RelaySettings, run
from eventing.dapr_publish import DaprPubSub
from eventing.publish import LogPubSub
from learnflow.local.child import Job
from learnflow.settings import Settings

RELAY: Final = "learnflow.local.relay_process:main"


def main(job: Job) -> None:
    """Relay until SIGTERM; `job.target` is the path of the runner's socket."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_relay(job.target, Settings.read()))


async def _relay(runner_socket: str, settings: Settings) -> None:
    addresses = {
        "students": settings.students_database_url,
        "tutors": settings.tutors_database_url,
        "matching": settings.matching_database_url,
    }
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    port = settings.dapr_http_port
    async with DaprPubSub(port) if port else LogPubSub(runner_socket) as pubsub:
        await run(
            {short: dsn for short, dsn in addresses.items() if dsn},
            pubsub,
            stop,
            RelaySettings(
                stuck_after=settings.relay_stuck_seconds, stuck_every=settings.relay_look_seconds
            ),
        )
