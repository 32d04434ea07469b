"""A specification that is wrong is refused, with the line, the field and what is allowed."""

import re
from pathlib import Path
from typing import get_args

import pytest

from learnflow.manifests.kinds import DATABASES
from learnflow.scaffold.reading import SpecError, read
from learnflow.scaffold.spec import Service
from tests.scaffold.conftest import SPEC

RIGHT = SPEC.read_text("utf-8")
ROW = "  returns: [version]\n"
WRONG = {
    "a kind that is none": ("kind: query", "kind: job", "'command', 'query', 'reaction', 'stream'"),
    "a service that is none": (
        "service: tutor-api",
        "service: tutors",
        "'student-api' or 'tutor-api'",
    ),
    "a name without a verb": ("name: count_waiting", "name: waiting", "should match pattern"),
    "a field nobody knows": (
        "  list: waiting",
        "  lists: waiting",
        "extra inputs are not permitted",
    ),
    "a type nobody knows": ("grade: Grade?", "grade: Note", "ResourceId, SubjectCode"),
    "a range upside down": ("{from: 1, to: 52}", "{from: 52, to: 1}", "whole numbers in order"),
    "a route of another method": ("GET /api/waiting", "POST /api/waiting", "should match pattern"),
    "a stream's route": ("GET /api/waiting", "GET /api/waiting/events", "is a stream's"),
    "a query's own place": (":grade::int", "$1::int", "write parameters as :name"),
    "a parameter not taken": (":grade::int", ":mark::int", "sql asks for :mark; takes has: grade"),
    "a path's id not taken": ("{student_id}/l", "{pupil_id}/l", "must hold the route's pupil_id"),
    "an id nobody checks": (ROW + "  says: [lesson", "  says: [lesson", "Nothing gives lesson.req"),
    "an event nobody knows": ("hears: [match.rated", "hears: [match.rate", "no event match.rate."),
    "an event that is there": ("topic: lesson.requested", "topic: match.rated", "already"),
    "an event nobody hears": (
        "hears: [lesson.requested]",
        "hears: [match.ended]",
        "No function hears",
    ),
    "an event without order": ("    version: Version\n", "", "must hold version: Version or round"),
    "a reaction with a route": (
        "  hears: [lesson.requested]",
        "  hears: [lesson.requested]\n  route: GET /api/x",
        "a reaction has no route",
    ),
    "nothing to do": ("  says: [matching.requested]\n\n", "\n", "a command has sql, or says"),
    "a word of Python's": ("    students: int", "    class: int", "word of Python's"),
    "no YAML": ("functions:\n", "functions: [\n", "is no YAML"),
    "a key twice": ("  list: waiting", "  list: waiting\n  list: more", "written twice"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_with_its_line(case: str) -> None:
    before, after, said = WRONG[case]
    assert before in RIGHT
    with pytest.raises(SpecError) as error:
        read(RIGHT.replace(before, after, 1).encode(), "spec.yaml")
    told = f"{error.value.what} {error.value.fix}"
    assert said in told
    assert re.match(r"spec\.yaml: line \d+", error.value.where)


def test_the_line_is_that_of_the_field() -> None:
    text = RIGHT.replace("kind: Grade", "").replace("grade: Grade?", "grade: Note")
    with pytest.raises(SpecError) as error:
        read(text.encode(), "spec.yaml")
    line = 1 + text[: text.index("grade: Note")].count("\n")
    assert error.value.where == f"spec.yaml: line {line}: functions[1].takes.grade"


def test_the_services_of_a_specification_are_those_of_the_manifests() -> None:
    assert list(get_args(Service)) == list(DATABASES)


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(SpecError, match="dictionary"):
        read(b"- a\n", "spec.yaml")
    with pytest.raises(SpecError):
        read(b"", str(Path("spec.yaml")))
