"""A small simulated market, as its log lies in matching_db."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import asyncpg
import numpy as np
from pydantic_core import to_json

from db.matching.training_log import LoggedDecision, LoggedOutcome
from learnflow.evaluation.booking import book, when
from learnflow.evaluation.world import WORLDS, World, smaller
from learnflow.ranking.learned.catalogue import schema_hash
from learnflow.ranking.learned.examples import Decided
from learnflow.ranking.loop.comparing import rules
from learnflow.ranking.loop.dataset import Dataset, dataset, taken
from learnflow.ranking.loop.training import Trained, train
from learnflow.ranking.rules import RuleRanker

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SMALL: World = smaller(WORLDS["default"], 150, 60, 10)


@cache
def booked(seed: int = 1) -> tuple[LoggedDecision, ...]:
    """Some 800 decisions of 12 weeks."""
    found, _ = book(SMALL, seed)
    return tuple(
        _logged(number, decided, [f"t{tutor:05}" for tutor in shown.tolist()])
        for number, (decided, shown) in enumerate(zip(found.log, found.shown, strict=True))
    )


def decisions(now: datetime = NOW, seed: int = 1) -> list[LoggedDecision]:
    """The same, the last of them decided two weeks and some days before `now`."""
    later = now - when(SMALL.weeks + 3)
    return [
        replace(
            one,
            decided_at=one.decided_at + later,
            outcomes=[heard._replace(heard_at=heard.heard_at + later) for heard in one.outcomes],
        )
        for one in booked(seed)
    ]


def data(log: Sequence[LoggedDecision], now: datetime = NOW) -> Dataset:
    """What can be learned from them."""
    return dataset(taken(one, now) for one in log)


@cache
def trained(seed: int = 1) -> Trained:
    """The model of `decisions()`."""
    return train(data(decisions()), NOW, seed=seed)


async def write(superuser: str, log: Sequence[LoggedDecision]) -> None:
    """Into matching_db, as if its functions had."""
    connection = await asyncpg.connect(superuser)
    names = (
        *("match_id", "student_id", "round", "student_version", "tutor_id", "decided_at"),
        *("ranker", "candidates", "place", "shown", "features", "features_schema"),
    )
    rows = [
        (
            *(one.match_id, one.student_id, one.round, 1, one.tutor_id, one.decided_at),
            *(one.ranker, one.candidates, one.place, one.shown, one.features, one.features_schema),
        )
        for one in log
    ]
    keys = [(one.match_id, one.decided_at, one.student_id, one.round) for one in log]
    heard = [(one.match_id, *outcome) for one in log for outcome in one.outcomes]
    await connection.execute("SET session_replication_role = replica")  # no counts of outcomes
    try:
        await connection.copy_records_to_table("matches", records=rows, columns=names)
        columns = ("match_id", "decided_at", "student_id", "round")
        await connection.copy_records_to_table("match_keys", records=keys, columns=columns)
        columns = ("match_id", "kind", "stars", "heard_at")
        await connection.copy_records_to_table("outcomes", records=heard, columns=columns)
    finally:
        await connection.close()


def _logged(number: int, decided: Decided, tutors: list[str]) -> LoggedDecision:
    scores = rules(decided.x).round(4).tolist()
    chances = list(decided.propensities or ())
    lines = [[tutor, score, []] for tutor, score in zip(tutors, scores, strict=True)]
    shown = {"codes": [], "most": [], "tutors": lines, "propensities": chances}
    shown["explored"] = bool((np.diff(scores) > 0).any())
    heard = [LoggedOutcome(fact.kind, fact.stars, fact.at) for fact in decided.facts]
    return LoggedDecision(
        f"m{number:06}",
        f"s{number:06}",
        1,
        tutors[decided.chosen],
        decided.decided_at,
        RuleRanker.id,
        len(tutors),
        decided.chosen + 1,
        to_json(shown).decode(),
        decided.x.astype("<f4").tobytes(),
        schema_hash(),
        heard,
    )
