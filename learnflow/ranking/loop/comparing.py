"""Challenger and champion side by side, on decisions that neither has learned from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from learnflow.ranking import metrics
from learnflow.ranking.intervals import Interval, difference, first, interval
from learnflow.ranking.learned.base import start
from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import Floats
from learnflow.ranking.learned.examples import label
from learnflow.ranking.learned.loading import Loaded
from learnflow.ranking.learned.scoring import best, score
from learnflow.ranking.loop.dataset import Logged
from learnflow.ranking.loop.pairs import Pairs, pairs, per_query
from learnflow.ranking.off_policy import Estimate, estimate

Scorer = Callable[[Floats], metrics.Floats]
"""From features to scores, higher is better."""
_FREE: Final = NAMES.index("free_slots")
NOBODY: Final = Interval(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the challenger does beside the champion; NaN where nothing could be compared.

    `queries` counts those in which something came of a row; `gain` is the paired difference of
    NDCG@5; `gini` is how unequally bookings fall on tutors; `challenger_worth` is what the
    log says of choosing by it, with the effective sample.
    """

    queries: int
    decisions: int
    challenger: Interval
    champion: Interval
    gain: Interval
    ece: float
    gini: float
    champion_gini: float
    challenger_worth: Estimate
    champion_worth: Estimate

    def plain(self) -> dict[str, Any]:
        """For JSON, without what is not known."""
        found: dict[str, Any] = {
            "queries": self.queries,
            "decisions": self.decisions,
            "ece": self.ece,
            "gini": self.gini,
            "champion_gini": self.champion_gini,
            "effective_sample": self.challenger_worth.effective,
            "snips": self.challenger_worth.snips,
            "champion_snips": self.champion_worth.snips,
            **{f"{name}_{part}": v for name, part, v in self._intervals()},
        }
        known = {name: value for name, value in found.items() if np.isfinite(value)}
        return {n: round(v, 5) if isinstance(v, float) else v for n, v in known.items()}

    def measured(self) -> dict[str, dict[str, float]]:
        """For a model's manifest: by name value, low and high."""
        found: dict[str, dict[str, float]] = {}
        for name, part, value in self._intervals():
            if np.isfinite(value):
                found.setdefault(name, {})["value" if part == "mean" else part] = round(value, 5)
        return found

    def _intervals(self) -> list[tuple[str, str, float]]:
        of = {"ndcg5": self.challenger, "champion_ndcg5": self.champion, "gain": self.gain}
        return [(n, p, getattr(one, p)) for n, one in of.items() for p in ("mean", "low", "high")]


def rules(x: Floats) -> metrics.Floats:
    """What the rules would have scored, from features."""
    return start(x, weight=1.0)


def learned(model: Loaded) -> Scorer:
    """What a model scores."""
    return lambda x: score(model, x).scores


def compare(
    challenger: Loaded, champion: Scorer, judged: Sequence[Logged], now: datetime
) -> Comparison:
    """Both on the same decisions; nothing is compared where there are none."""
    rows = pairs([one.decided for one in judged], now)
    if not len(rows.x):
        return _nothing()
    scores = learned(challenger)
    table = np.column_stack([per_query(rows, scores(rows.x)), per_query(rows, champion(rows.x))])
    known = table[~np.isnan(table).any(axis=1)]
    mine, theirs = _orders(judged, scores), _orders(judged, champion)
    return Comparison(
        queries=len(known),
        decisions=len(judged),
        challenger=interval([known], first) if len(known) else NOBODY,
        champion=interval([known[:, ::-1]], first) if len(known) else NOBODY,
        gain=interval([known], difference) if len(known) else NOBODY,
        ece=_calibration(challenger, rows),
        gini=_concentration(judged, mine),
        champion_gini=_concentration(judged, theirs),
        challenger_worth=_worth(judged, mine, now),
        champion_worth=_worth(judged, theirs, now),
    )


def _nothing() -> Comparison:
    unknown, worth = float("nan"), Estimate(float("nan"), float("nan"), 0.0)
    return Comparison(0, 0, NOBODY, NOBODY, NOBODY, unknown, unknown, unknown, worth, worth)


def _orders(judged: Sequence[Logged], scores: Scorer) -> list[list[int]]:
    """Of each decision the rows, best first."""
    return [
        best(scores(one.decided.x), np.array(one.tutors, dtype=np.str_)).tolist() for one in judged
    ]


def _calibration(model: Loaded, rows: Pairs) -> float:
    return metrics.ece(model.knots.probability(model.acceptance.scores(rows.x)), rows.accepted)


def _concentration(judged: Sequence[Logged], orders: Sequence[Sequence[int]]) -> float:
    """Gini of how often each tutor who was shown would have been booked, decisions in turn.

    Each has the slots that were free when first shown, and is passed over when they are gone:
    without that, whoever did not write the log would seem to crowd the best.
    """
    free: dict[str, float] = {}
    load: dict[str, int] = {}
    for one, order in zip(judged, orders, strict=True):
        for tutor, slots in zip(one.tutors, one.decided.x[:, _FREE].tolist(), strict=True):
            free.setdefault(tutor, slots)
            load.setdefault(tutor, 0)
        able = (one.tutors[row] for row in order if free[one.tutors[row]] >= 1)
        taken = next(able, None)
        if taken is not None:
            free[taken] -= 1
            load[taken] += 1
    return metrics.gini(list(load.values()))


def _worth(judged: Sequence[Logged], orders: Sequence[Sequence[int]], now: datetime) -> Estimate:
    """By the decisions that chance had a say in: who was booked at place 1, and what came of it."""
    taken: list[tuple[bool, float, float]] = []
    for one, order in zip(judged, orders, strict=True):
        decided = one.decided
        chance = decided.propensities[0] if decided.propensities else 1.0
        if decided.chosen == 0 and 0 < chance < 1:
            gained = metrics.LABEL_GAIN[label(decided, now) or 0] / metrics.LABEL_GAIN[-1]
            taken.append((order[0] == 0, chance, float(gained)))
    if not taken:
        return Estimate(float("nan"), float("nan"), 0.0)
    agrees, chances, rewards = zip(*taken, strict=True)
    return estimate(agrees, chances, rewards)
