"""The diagrams: every delivery of the manifests is an arrow, and no arrow is anything else."""

import re
from pathlib import Path

import pytest

from learnflow.manifests import read_system
from tools import flow_diagram

ARROW = re.compile(r'^  (\w+) -- "([^"]+)" --> (\w+)$', re.MULTILINE)


def arrows(diagram: str) -> set[tuple[str, str, str]]:
    return {
        (sayer, topic, hearer)
        for sayer, topics, hearer in ARROW.findall(diagram)
        for topic in topics.split("<br/>")
    }


def everything() -> set[tuple[str, str, str]]:
    return arrows(flow_diagram.PAGE.read_text("utf-8").split("## What a registration")[0])


def test_every_source_is_an_arrow_and_every_arrow_a_source() -> None:
    system = read_system(flow_diagram.ROOT)
    delivered = {
        (topic, system.functions[source.sink].target)
        for source in system.sources.values()
        for topic in source.topics
    }
    assert {(topic, hearer) for _, topic, hearer in everything()} == delivered


def test_the_path_of_a_registration_is_in_the_readme() -> None:
    shown = arrows(flow_diagram.README.read_text("utf-8"))
    assert {
        ("register_student", "student.registered", "match_student"),
        ("match_student", "matching.completed", "book_tutor"),
        ("book_tutor", "tutor.matched", "notify_student"),
        ("notify_student", "student.matched", "book_tutor"),
        ("watch_student", "server-sent events", "browser"),
    } <= shown
    assert not any(sayer == "respond_to_match" for sayer, _, _ in shown)


def test_a_readme_without_the_place_for_the_diagram_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# LearnFlow\n", "utf-8")
    with pytest.raises(ValueError, match=r"README\.md lacks the lines"):
        flow_diagram.readme(tmp_path)
