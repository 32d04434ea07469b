"""`learnflow up --kafka` and `--dapr`: what is wrong is said before anything starts."""

from pathlib import Path
from typing import Any

import pytest

from learnflow.cli.problem import Problem
from learnflow.cli.up import _bus
from learnflow.local import kafka_admin
from learnflow.local.bus import Bus, open_log
from learnflow.local.dapr_sidecar import component, find_daprd
from learnflow.local.progress import StartError


@pytest.mark.parametrize("given", ["localhost", "a:b", "http://a:9092", "a:9092,", "a:9092 b:1"])
def test_what_is_no_address_is_refused_by_its_words(given: str) -> None:
    with pytest.raises(Problem, match="is no address of a Kafka"):
        _bus(given, False)


@pytest.mark.parametrize("given", ["localhost:9092", "10.0.0.1:9092,kafka-1.x:9093", "[::1]:9092"])
def test_one_address_or_several_are_taken(given: str) -> None:
    assert _bus(given, False) == Bus(given)


def test_without_options_events_stay_here() -> None:
    assert _bus(None, False) == Bus(None, None)


def test_dapr_without_a_kafka_is_refused() -> None:
    with pytest.raises(Problem, match="needs a Kafka"):
        _bus(None, True)


def test_an_absent_daprd_is_said_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartError, match="dapr init fetches it"):
        find_daprd(tmp_path)


def test_the_daprd_of_dapr_init_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    kept = tmp_path / ".dapr" / "bin" / "daprd"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert find_daprd(tmp_path) == kept


def test_the_component_names_no_consumer_group_and_says_what_dapr_demands() -> None:
    metadata = {one["name"]: one["value"] for one in component("a:1")["spec"]["metadata"]}
    assert metadata == {"brokers": "a:1", "authType": "none", "disableTls": "true"}


class NoPostgres:
    """Would make and name the index's database; nobody connects to it."""

    async def ensure(self, *_: object) -> None:
        """There already."""

    def dsn(self, database: str) -> str:
        """Where nothing listens."""
        return f"postgresql://nobody@127.0.0.1:1/{database}"


async def test_a_kafka_that_does_not_answer_is_said_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kafka_admin, "_REPLY", 0.3)
    postgres: Any = NoPostgres()
    with pytest.raises(StartError, match=r"no Kafka to use at 127\.0\.0\.1:1: Kafka does not"):
        await open_log(Bus("127.0.0.1:1"), postgres, {}, Path("/nowhere"))
