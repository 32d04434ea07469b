"""`learnflow relay` as its pod runs it: beside a real daprd, asked by probes, ended by SIGTERM."""

import asyncio
import os
import signal
import subprocess
import sys

import aiohttp

from db.roles import SHORT_NAMES
from db.unit_of_work import Database
from eventing.events import StudentWithdrawn
from tests.eventually import eventually
from tests.peers.broker import Broker, Sidecar
from tests.peers.test_publishing import TOPIC, TRACE
from tests.ports import free_port
from tests.postgres import Databases


def started(databases: Databases, dapr_port: int, port: int) -> subprocess.Popen[bytes]:
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    urls = {
        f"LEARNFLOW_{short.upper()}_DATABASE_URL": databases.dsn(short, "relay")
        for short in SHORT_NAMES
    }
    given = {**clean, **urls, "PORT": str(port), "DAPR_HTTP_PORT": str(dapr_port)}
    return subprocess.Popen([sys.executable, "-m", "learnflow.cli.app", "relay"], env=given)


async def asked(port: int, path: str) -> tuple[int, str]:
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}{path}") as answer,
        ):
            return answer.status, await answer.text()
    except aiohttp.ClientError:
        return 0, ""


async def test_what_is_committed_comes_to_kafka_and_sigterm_ends_it(
    broker: Broker, sidecar: Sidecar, databases: Databases, students: Database
) -> None:
    port = free_port()
    process = started(databases, sidecar.port, port)
    try:

        async def ready() -> bool:
            return (await asked(port, "/readyz"))[0] == 200

        await eventually(ready, 20)
        async with students.unit(TRACE) as work:
            work.say(StudentWithdrawn(student_id="relayed", version=1))
            await work.commit()

        async def counted() -> bool:
            said = (await asked(port, "/metrics"))[1]
            return 'learnflow_relay_events_total{outcome="published"} 1.0' in said

        await eventually(counted, 20)
        async with students.unit() as work:
            (row,) = await work.read("SELECT event_id, published_at FROM outbox")
        assert row[0] in broker.events(TOPIC)
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(process.wait, 15)
    assert code == 0


async def test_without_daprd_it_lives_and_is_not_ready(databases: Databases) -> None:
    port = free_port()
    process = started(databases, free_port(), port)
    try:

        async def alive() -> bool:
            return (await asked(port, "/healthz"))[0] == 200

        await eventually(alive, 20)
        assert (await asked(port, "/readyz"))[0] == 503
    finally:
        process.terminate()
        assert await asyncio.to_thread(process.wait, 15) == 0
