"""The flow that the system page draws is the one of docs/flow.md, each arrow with its manifest."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from learnflow.local.flow import flow
from learnflow.manifests import read_system
from tools.flow_diagram import Flow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    return flow(ROOT, read_system(ROOT))


def test_arrows_are_those_of_the_diagram(shown: dict[str, Any]) -> None:
    drawn = Flow.read(ROOT)
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for arrow in shown["arrows"]:
        names = (arrow["from"].replace("-", "_"), arrow["to"].replace("-", "_"))
        found[names].add(arrow["topic"])
    assert found == {key: set(topics) for key, topics in drawn.edges(drawn.said).items()}


def test_every_function_is_a_node_of_its_database(shown: dict[str, Any]) -> None:
    drawn = Flow.read(ROOT)
    assert {one["target"]: one["database"] for one in shown["nodes"]} == drawn.databases
    streams = {one["target"] for one in shown["nodes"] if one["kind"] == "stream"}
    assert streams == drawn.streams
    assert all(one["story"] for one in shown["nodes"])


def test_each_shows_the_manifest_that_made_it(shown: dict[str, Any]) -> None:
    for one in (*shown["nodes"], *shown["arrows"]):
        document = yaml.safe_load(one["yaml"])
        name = one.get("source") or one["function"]
        assert document["metadata"]["name"] == name
        assert one["yaml"].strip() in (ROOT / one["file"]).read_text("utf-8")
    arrow = shown["arrows"][0]
    assert arrow["topic"] in yaml.safe_load(arrow["yaml"])["spec"]["topics"]


def test_of_a_file_with_several_documents_the_one_is_shown(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for part in ("functions", "eventing", "k8s", "db"):
        (root / part).symlink_to(ROOT / part)
    system = read_system(root)
    one = next(iter(system.sources.values()))
    (root / "eventing").unlink()
    (root / one.file).parent.mkdir(parents=True)
    for source in system.sources.values():
        text = (ROOT / source.file).read_text("utf-8")
        (root / source.file).write_text(f"---\nmetadata: {{name: other}}\n---\n{text}", "utf-8")
    shown = flow(root, system)["arrows"]
    assert all(yaml.safe_load(arrow["yaml"])["kind"] == "KafkaSource" for arrow in shown)
