"""What the system page is shown of a cluster, from what a real Knative 1.22 answered."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from learnflow.cluster import viewing
from learnflow.local.flow import flow
from learnflow.manifests import read_system
from tests.manifests.trees import ROOT, put

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
STATUS = ("status", "conditions")


@cache
def text(name: str) -> str:
    return (RECORDED / f"{name}.json").read_text("utf-8")


def listed(name: str) -> list[dict[str, Any]]:
    """Fresh copies of what was listed."""
    found: list[dict[str, Any]] = json.loads(text(name))
    return found


def shown(pods: list[dict[str, Any]]) -> dict[str, Any]:
    found = viewing.functions(listed("services"), pods, NOW)["functions"]
    return {each["function"]: each for each in found}


def test_each_function_has_its_ready_pods_as_instances() -> None:
    (pod,) = pods = listed("pods")
    found = shown(pods)
    assert found.keys() == {"register-student", "book-tutor", "list-tutors"}
    assert [len(each["instances"]) for each in found.values()].count(1) == 1
    (instance,) = found["list-tutors"]["instances"]
    assert (instance["pid"], instance["ready"], instance["draining"]) == (
        pod["metadata"]["name"],
        True,
        False,
    )
    assert instance["age_s"] > 0
    assert found["list-tutors"]["last_cold_start"]["ms"] == instance["start_ms"] > 0
    assert found["register-student"]["last_cold_start"] is None
    assert found["register-student"]["scale"] == {"min": 0, "max": 3}


def test_a_pod_that_is_not_ready_is_starting_or_on_its_way_out() -> None:
    pods = listed("pods")
    ready = next(
        at for at, one in enumerate(pods[0]["status"]["conditions"]) if one["type"] == "Ready"
    )
    put(pods[0], (*STATUS, ready, "status"), "False")
    starting = shown(pods)["list-tutors"]
    assert (starting["starting"], starting["instances"]) == (1, [])
    pods[0]["metadata"]["deletionTimestamp"] = "2026-11-23T02:59:00Z"
    ending = shown(pods)["list-tutors"]
    assert (ending["starting"], ending["instances"][0]["draining"]) == (0, True)
    put(pods[0], ("status", "phase"), "Succeeded")
    assert shown(pods)["list-tutors"]["instances"] == []


def test_what_is_no_function_is_not_shown() -> None:
    services = listed("services")
    del services[0]["metadata"]["labels"]["learnflow.org/kind"]
    assert len(viewing.functions(services, [], NOW)["functions"]) == 2


def test_the_flow_has_the_shape_of_the_embedded_one_and_what_runs_there() -> None:
    live = viewing.flow_of(ROOT, listed("services"), listed("sources"))
    files = flow(ROOT, read_system(ROOT))
    for kind, key in (("nodes", "function"), ("arrows", "source")):
        embedded = {each[key]: each for each in files[kind]}
        assert live[kind] or kind == "arrows"
        for each in live[kind]:
            assert each.keys() == embedded[each[key]].keys()
    (node,) = (each for each in live["nodes"] if each["function"] == "list-tutors")
    wanted = next(each for each in files["nodes"] if each["function"] == "list-tutors")
    same = ("target", "kind", "service", "database", "public", "routes", "story")
    assert {name: node[name] for name in same} == {name: wanted[name] for name in same}


def test_an_arrow_between_two_functions_that_run_there_is_shown() -> None:
    services, sources = listed("services"), listed("sources")
    put(sources[0], ("spec", "topics"), ["tutor.matched"])
    put(sources[0], ("spec", "sink", "ref", "name"), "register-student")
    (arrow,) = viewing.flow_of(ROOT, services, sources[:1])["arrows"]
    assert (arrow["from"], arrow["to"], arrow["topic"]) == (
        "book-tutor",
        "register-student",
        "tutor.matched",
    )
    assert yaml.safe_load(arrow["yaml"])["kind"] == "KafkaSource"


def test_a_manifest_is_what_was_applied_and_not_what_controllers_added() -> None:
    live = viewing.flow_of(ROOT, listed("services"), listed("sources"))
    texts = [each["yaml"] for kind in ("nodes", "arrows") for each in live[kind]]
    assert texts
    for said in map(yaml.safe_load, texts):
        assert said.keys() == {"apiVersion", "kind", "metadata", "spec"}
        assert said["metadata"].keys() <= {"name", "namespace", "labels", "annotations"}
        names = said["metadata"].get("annotations", {})
        assert not [name for name in names if name.startswith("serving.knative.dev/")]
