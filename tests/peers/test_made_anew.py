"""A topic that was made anew, whose leaders are late: it is read all the same."""

from pathlib import Path
from typing import Any

import pytest

from learnflow.local import kafka_log
from learnflow.local.kafka_log import KafkaLog
from learnflow.local.records import LogUnavailable, NewRecord, Record
from learnflow.manifests import Topic
from tests.eventually import eventually
from tests.lent import fresh
from tests.peers.broker import Broker
from tests.postgres import Databases

__all__ = ["fresh"]
NAME = "made.anew"


@pytest.mark.parametrize("broker", ["4.1.1"], indirect=True)
async def test_a_look_that_failed_half_way_is_made_again(
    broker: Broker, fresh: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_log, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(kafka_log, "_WAIT", 0.01)
    topics = {NAME: Topic(NAME, 1, float("inf"), Path("nowhere"))}
    log = KafkaLog(fresh.superuser("students"), topics, broker.address, "of-a-test")
    heard: list[Record] = []
    renewed: list[str] = []
    failures = list(range(kafka_log._ATTEMPTS + 1))
    await log.open()
    try:
        log.watch(heard.append)
        log.renewed = _kept_in(renewed)
        await log.append([NewRecord(NAME, "k", {}, b"old")])
        await eventually(lambda: len(heard) == 1, 15)
        bounds = log._admin.bounds

        async def late(places: Any) -> Any:
            if failures:
                failures.pop()
                raise LogUnavailable("no leader yet")
            return await bounds(places)

        monkeypatch.setattr(log._admin, "bounds", late)
        await broker.wipe(NAME)
        await eventually(lambda: renewed == [NAME], 30)
        assert not failures, "nothing was late"
        await log.append([NewRecord(NAME, "k", {}, b"new")])
        await eventually(lambda: [one.value for one in heard] == [b"old", b"new"], 15)
    finally:
        await log.close()


def _kept_in(names: list[str]) -> Any:
    async def keep(name: str) -> None:
        names.append(name)

    return keep
