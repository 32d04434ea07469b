"""Manifests, event catalogue and functions name one another and nothing that is not there."""

from functools import cache

import pytest
import yaml

from eventing.events import CATALOGUE
from learnflow.local.starter import POOL_SIZE
from learnflow.manifests import System, read_system
from learnflow.manifests.kinds import KIND
from learnflow.manifests.read import FOLDERS, KUSTOMIZATION
from learnflow.runtime.load import function_names, load_function
from learnflow.runtime.operation import Operation
from tests.manifests.overlays import rendered
from tests.manifests.trees import ROOT, documents
from tools.function_docs import PAGE, page

FUNCTIONS = ROOT / "functions"
NAMES = sorted(each.name for each in documents() if each.kind == "Service")


@cache
def system() -> System:
    return read_system(ROOT)


def operation(name: str) -> Operation:
    return load_function(FUNCTIONS, system().functions[name].target).operation


def test_every_topic_is_that_of_an_event() -> None:
    said = {event.topic for event in CATALOGUE.values()}
    assert set(system().topics) - {"dead.letter"} == said


def test_every_function_folder_has_a_manifest_and_every_manifest_a_folder() -> None:
    targets = {function.target for function in system().functions.values()}
    assert targets == set(function_names(FUNCTIONS))


@pytest.mark.parametrize("name", NAMES)
def test_the_routes_of_a_manifest_are_those_of_its_function(name: str) -> None:
    declared = operation(name)
    # A reaction answers deliveries on its root, which nothing routes to from outside.
    routes = declared.routes if declared.kind != "reaction" else ()
    written = {(route.method, route.path) for route in system().functions[name].routes}
    assert written == {(route.method, route.path) for route in routes}


@pytest.mark.parametrize("name", NAMES)
def test_the_kind_of_a_manifest_is_that_of_its_function(name: str) -> None:
    (service,) = (each for each in documents() if (each.kind, each.name) == ("Service", name))
    assert service.at("metadata", "labels", KIND) == operation(name).kind


@pytest.mark.parametrize("name", NAMES)
def test_sources_deliver_exactly_what_a_function_hears(name: str) -> None:
    delivered = [
        topic
        for source in system().sources.values()
        if source.sink == name
        for topic in source.topics
    ]
    assert sorted(delivered) == sorted(event.topic for event in operation(name).hears)


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_gives_a_function_the_database_it_uses(name: str) -> None:
    given = set(system().functions[name].secret_env)
    assert given == {f"LEARNFLOW_{(operation(name).database or '').upper()}_DATABASE_URL"}


@pytest.mark.parametrize("name", NAMES)
def test_a_pool_that_a_manifest_says_is_no_larger_than_the_embedded_one(name: str) -> None:
    """What a manifest says is what the embedded instance gets too, past any pooler."""
    said = system().functions[name].env.get("LEARNFLOW_POOL_SIZE", "1")
    assert 1 <= int(said) <= POOL_SIZE


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_kustomization_lists_every_manifest_of_its_folder(folder: str) -> None:
    listed = yaml.safe_load((ROOT / folder / KUSTOMIZATION).read_text())["resources"]
    files = sorted(each.file.name for each in documents() if str(each.file.parent) == folder)
    assert sorted(listed) == files


def test_the_cluster_gets_what_is_in_all_these_folders() -> None:
    for overlay in ("minikube", "production"):
        applied = {each.file for each in rendered(overlay)}
        assert {each.file for each in documents()} - applied == set()


def test_every_function_has_its_row_in_the_docs() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tools.function_docs"


def test_every_function_is_named_by_a_test() -> None:
    tests = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name in function_names(FUNCTIONS) if name not in tests] == []
