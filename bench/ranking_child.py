"""One process on one core that ranks made-up tutors: `bench.ranking_child MODEL ROUNDS`."""

import ctypes
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import lightgbm as lgb
import numpy as np

from db.matching.store import Asking, Offer
from learnflow.ranking.learned.artifact import Artifact
from learnflow.ranking.learned.columns import Floats, Student, Tutors, columns, wishes
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.loading import load
from learnflow.ranking.learned.ranker import EXPLAINED, LearnedRanker
from learnflow.ranking.learned.vocabulary import GOALS, HOURS
from learnflow.ranking.shortlisting import LONGEST

TUTORS: Final = 10_000
FEW: Final = 500
_DAY: Final = date(2026, 11, 22)
_FLOAT32, _ROWS, _RAW = 0, 1, 1


def offers(chance: np.random.Generator, count: int) -> list[Offer]:
    """Tutors as the query gives them."""
    names = list(HOURS)

    def some(words: list[str], most: int) -> list[str]:
        return [words[n] for n in chance.integers(0, len(words), chance.integers(1, most))]

    return [
        Offer(
            f"tutor-{n:06}", int(chance.integers(1, 7)), int(chance.integers(7, 13)), 6,
            int(chance.integers(0, 6)), some(names, 20), some(["en", "de", "fr", "tr"], 4),
            int(chance.integers(1, 6)), int(chance.integers(0, 30)), some(list(GOALS), 3),
        )
        for n in range(count)
    ]  # fmt: skip


def asking(chance: np.random.Generator) -> Asking:
    """A student."""
    times = [list(HOURS)[n] for n in chance.integers(0, 168, 10)]
    return Asking("s", int(chance.integers(1, 13)), "physics", times, ["en"], 4, ["exam"])


def market(chance: np.random.Generator) -> Tutors:
    """All tutors in columns, with histories."""
    found = columns(offers(chance, TUTORS))
    numbers: dict[str, Any] = {
        name: chance.integers(0, 40, TUTORS).astype(np.float32)
        for name in ("rating_n", "accepted_n", "declined_n", "matches_n", "days_on_platform")
    }
    stars = numbers["rating_n"] * chance.uniform(1, 5, TUTORS).astype(np.float32)
    return replace(found, rating_sum=stars, **numbers)


class Bare:
    """LightGBM's C API on the same rows and nothing else."""

    def __init__(self, artifact: Artifact) -> None:
        names = ("ranking", "acceptance")
        self._boosters = [lgb.Booster(model_str=artifact.texts[name]) for name in names]
        library: Any = vars(lgb.basic)["_LIB"]
        self._call = library.LGBM_BoosterPredictForMat

    def scores(self, x: Floats) -> list[Any]:
        """Raw scores by each model, A first."""
        found = []
        for booster in self._boosters:
            out, many = np.empty(len(x)), ctypes.c_int64()
            failed = self._call(
                booster._handle, x.ctypes.data_as(ctypes.c_void_p), ctypes.c_int(_FLOAT32),
                ctypes.c_int32(len(x)), ctypes.c_int32(x.shape[1]), ctypes.c_int(_ROWS),
                ctypes.c_int(_RAW), ctypes.c_int(0), ctypes.c_int(-1), b"num_threads=1",
                ctypes.byref(many), out.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
            )  # fmt: skip
            if failed or many.value != len(x):
                raise RuntimeError("the C API did not score every row")
            found.append(out)
        return found


def milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """How long it takes once, and how long the processor worked on it."""
    began, busy = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - began) * 1000, (time.process_time() - busy) * 1000


def main(file: Path, rounds: int) -> None:
    """Measure in turns, so that a slow moment falls on all alike; print one JSON object."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    chance = np.random.default_rng(1)
    tutors = market(chance)
    artifact = Artifact.unpacked(file.read_bytes())
    model, bare = load(artifact), Bare(artifact)
    ranker = LearnedRanker(model, today=lambda: _DAY)
    few = offers(chance, FEW)
    wish = asking(chance)
    student: Student = wishes(wish, _DAY)
    x = matrix(student, tutors)
    for ours, theirs in zip((model.ranking, model.acceptance), bare.scores(x), strict=True):
        if not np.array_equal(ours.scores(x), theirs):
            raise RuntimeError("the C API scores otherwise")

    def everyone() -> None:
        found = ranker.suggest(student, tutors, most=LONGEST)
        [one.reasons for one in found[:EXPLAINED]]

    def some() -> None:
        [one.reasons for one in ranker.rank(wish, few)[:EXPLAINED]]

    gc.freeze()
    works: dict[str, Callable[[], object]] = {
        "all": everyone,
        "bare": lambda: bare.scores(x),
        "few": some,
        "features": lambda: matrix(student, tutors),
        "load": lambda: load(artifact),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            wall, busy = milliseconds(work)
            taken[name].append(wall)
            taken.setdefault(f"{name}_busy", []).append(busy)
    trees = model.ranking.trees + model.acceptance.trees
    print(json.dumps({**{k: v[rounds // 10 :] for k, v in taken.items()}, "trees": trees}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
