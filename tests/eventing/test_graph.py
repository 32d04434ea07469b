"""Who says what to whom: nobody speaks to the wall, and no event goes round for ever (R4)."""

from itertools import chain

import pytest

from eventing.events import CATALOGUE, EXTERNAL
from learnflow.runtime.load import function_names, load_function
from tools.event_docs import PAGE, ROOT, page, spoken

TOPICS = {event.topic for event in CATALOGUE.values()}
SAID, HEARD = spoken("Says"), spoken("Hears")
RAISES = {"matching.completed": "round"}
"""What a reaction says only after it raised a round or version; all else repeats what it heard."""
NEVER = {
    ("match_student", "matching.requested", "matching.requested"),
    *(("book_tutor", "student.matched", f"tutor.{what}") for what in ("matched", "match.refused")),
    ("book_tutor", "student.matched", "tutor.released"),
}
"""Answers that the docstrings allow and the code never gives; tests/flow/test_answers.py looks."""
Edges = dict[str, set[str]]


def edges() -> Edges:
    """For each event, what is said by those who hear it."""
    found: Edges = {topic: set() for topic in TOPICS}
    for topic, hearers in HEARD.items():
        for hearer in hearers:
            said = {other for other, sayers in SAID.items() if hearer in sayers}
            found[topic] |= {other for other in said if (hearer, topic, other) not in NEVER}
    return found


def quiet(graph: Edges) -> Edges:
    """The graph without the events that raise something."""
    return {topic: nexts - RAISES.keys() for topic, nexts in graph.items() if topic not in RAISES}


def cycle(graph: Edges) -> list[str]:
    """Events on cycles, or on a way from one to another; empty when there are none."""
    left = {topic: set(nexts) for topic, nexts in graph.items()}
    while True:
        reached = set().union(*left.values()) if left else set()
        ends = [topic for topic, nexts in left.items() if not nexts or topic not in reached]
        if not ends:
            return sorted(left)
        left = {t: nexts - set(ends) for t, nexts in left.items() if t not in ends}


@pytest.mark.parametrize("name", function_names(ROOT / "functions"))
def test_a_functions_docstring_says_what_it_hears(name: str) -> None:
    operation = load_function(ROOT / "functions", name).operation
    told = {topic for topic, hearers in HEARD.items() if name in hearers}
    assert told == {event.topic for event in operation.hears}


def test_every_event_has_a_sayer_and_a_hearer_or_is_known_to_lack_one() -> None:
    lacking = {topic for topic in TOPICS if not (SAID[topic] and HEARD[topic])}
    assert lacking == EXTERNAL.keys()


def test_every_cycle_raises_a_round_or_version() -> None:
    graph = edges()
    assert cycle(graph), "the graph is not read: matching and booking answer each other"
    assert cycle(quiet(graph)) == []


def test_a_cycle_that_raises_nothing_is_seen() -> None:
    graph = edges()
    graph["tutor.matched"].add("student.matched")
    graph["student.matched"].add("tutor.matched")
    assert cycle(quiet(graph)) == ["student.matched", "tutor.matched"]


def test_what_raises_carries_what_it_raises() -> None:
    for event in CATALOGUE.values():
        assert {"round", "version"} & event.model_fields.keys(), event.topic
        if event.topic in RAISES:
            assert RAISES[event.topic] in event.model_fields


def test_the_page_of_events_is_as_new_as_what_it_tells() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tools.event_docs"


def test_the_page_names_every_event_field_and_function() -> None:
    text = page()
    for event in CATALOGUE.values():
        assert f"`{event.type}`" in text
        assert all(f"`{name}`" in text for name in event.model_fields)
    assert all(f"`{name}`" in text for name in chain(*SAID.values(), *HEARD.values()))
