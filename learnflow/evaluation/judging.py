"""One seed's verdict: each measure per student, or one number of the whole market."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from learnflow.evaluation.booking import book
from learnflow.evaluation.contestants import ORACLE, Entry, Field, compete, compete_booked
from learnflow.evaluation.market import simulate
from learnflow.evaluation.rows import Floats, Judged
from learnflow.evaluation.world import World
from learnflow.ranking import metrics
from learnflow.rematch import Assignment, assign

PER_STUDENT: Final = ("ndcg1", "ndcg5", "ndcg10", "mrr", "hit5", "worth5")
PER_MARKET: Final = ("regret", "regret_in_turn", "declines", "unmatched", "gini")
FIRST: Final = 5
SHOWN: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Of one seed: contestant -> measure -> one number per student, or a single one."""

    seed: int
    measures: Mapping[str, Mapping[str, Floats]]
    ece: float
    """Of the acceptance model on the first ten of the learned ranking."""
    ece_all: float
    weights: Mapping[str, float]
    learned: str


def judge(world: World, seed: int) -> Verdict:
    """Simulate, train, compare."""
    if world.booked:
        found, judged = book(world, seed)
        field = compete_booked(world, found, judged, seed)
    else:
        log, judged = simulate(world, seed)
        field = compete(world, log, judged, seed)
    best = assigned(judged, field.entries[ORACLE])
    measures = {
        name: _per_student(judged, entry) | _per_market(judged, entry, best.total)
        for name, entry in field.entries.items()
    }
    return Verdict(seed, measures, *_calibration(judged, field), field.weights, field.learned)


def assigned(judged: Judged, entry: Entry) -> Assignment:
    """The batch assignment by a contestant's values; `total` is its true worth."""
    shape = (len(judged.groups), len(judged.free))
    values, worth = np.full(shape, -np.inf), np.zeros(shape)
    values[judged.students, judged.tutors] = entry.values
    worth[judged.students, judged.tutors] = judged.worth
    found = assign(values, judged.free)
    matched = np.flatnonzero(found.tutors >= 0)
    return Assignment(found.tutors, float(worth[matched, found.tutors[matched]].sum()))


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """Students served in turn: who got whom, what it was worth, how often a tutor said no."""

    tutors: list[int]
    content: float
    declines: int


def in_turn(judged: Judged, scores: Floats) -> Turn:
    """Each asks the best-ranked tutor with a free slot, then the next, until one accepts."""
    free, matched = judged.free.copy(), []
    content, declines = 0.0, 0
    parts = zip(
        judged.each(scores),
        np.split(judged.tutors, np.cumsum(judged.groups)[:-1]),
        np.split(judged.answers, np.cumsum(judged.groups)[:-1]),
        judged.each(judged.worth / judged.acceptance),
        strict=True,
    )
    for given, tutors, answers, satisfaction in parts:
        for row in np.argsort(-given, kind="stable"):
            if free[tutors[row]] <= 0:
                continue
            if answers[row]:
                free[tutors[row]] -= 1
                matched.append(int(tutors[row]))
                content += float(satisfaction[row])
                break
            declines += 1
    return Turn(matched, content, declines)


def _per_student(judged: Judged, entry: Entry) -> dict[str, Floats]:
    found: dict[str, list[float]] = {name: [] for name in PER_STUDENT}
    parts = zip(
        judged.each(entry.scores),
        judged.each(judged.grades),
        judged.each(judged.worth),
        judged.chosen,
        strict=True,
    )
    for scores, grades, worth, chosen in parts:
        for name, k in (("ndcg1", 1), ("ndcg5", 5), ("ndcg10", 10)):
            found[name].append(metrics.ndcg(grades, scores, k))
        found["mrr"].append(metrics.reciprocal_rank(int(chosen), scores))
        found["hit5"].append(metrics.hit(int(chosen), scores, FIRST))
        found["worth5"].append(metrics.mean_of_first(worth, scores, FIRST))
    return {name: np.array(values) for name, values in found.items()}


def _per_market(judged: Judged, entry: Entry, best: float) -> dict[str, Floats]:
    turn, oracle = in_turn(judged, entry.scores), in_turn(judged, judged.worth)
    wanted = np.unique(judged.tutors)
    load = np.bincount(turn.tutors, minlength=len(judged.free))[wanted]
    students = len(judged.groups)
    found = {
        "regret": 1 - assigned(judged, entry).total / best,
        "regret_in_turn": 1 - turn.content / oracle.content,
        "declines": turn.declines / max(len(turn.tutors), 1),
        "unmatched": 1 - len(turn.tutors) / students,
        "gini": metrics.gini(load),
    }
    return {name: np.array([value]) for name, value in found.items()}


def _calibration(judged: Judged, field: Field) -> tuple[float, float]:
    said = field.acceptance(judged)
    first = np.concatenate(
        [
            np.argsort(np.argsort(-given, kind="stable"), kind="stable") < SHOWN
            for given in judged.each(field.entries[field.learned].scores)
        ]
    )
    shown = metrics.ece(said[first], judged.answers[first])
    return shown, metrics.ece(said, judged.answers)
