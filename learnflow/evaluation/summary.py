"""All seeds' verdicts as one: every measure of every contestant with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from learnflow.evaluation.contestants import CONTESTANTS, LEARNED, ORACLE, PLAIN
from learnflow.evaluation.judging import PER_MARKET, PER_STUDENT, Verdict
from learnflow.ranking.intervals import Interval, capture, difference, first, interval

MEASURES: Final = (
    *(name for name in PER_STUDENT if name != "worth5"),
    *("capture", *PER_MARKET),
)
GATES: Final = {
    "ndcg5 of learned - rules at least 0.03, surely above 0": ("learned_minus_rules", 0.03),
    "capture at least 0.6": ("capture", 0.6),
    "regret at most 0.10": ("regret", 0.10),
    "gini at most rules + 0.02": ("gini_minus_rules", 0.02),
    "ece at most 0.05": ("ece", 0.05),
}


def differences(learned: str) -> dict[str, tuple[str, str, str]]:
    """Paired differences: contestant minus contestant, of a measure."""
    return {
        "learned_minus_rules": (learned, "rules", "ndcg5"),
        "learned_minus_logistic_regression": (learned, "logistic_regression", "ndcg5"),
        "learned_minus_pointwise_lightgbm": (learned, "pointwise_lightgbm", "ndcg5"),
        "positions_minus_plain": (LEARNED, PLAIN, "ndcg5"),
        "gini_minus_rules": (learned, "rules", "gini"),
    }


@dataclass(frozen=True, slots=True)
class Summary:
    """Contestant -> measure -> interval, paired differences, and the acceptance model's error."""

    world: str
    seeds: tuple[int, ...]
    contestants: Mapping[str, Mapping[str, Interval]]
    differences: Mapping[str, Interval]
    ece: Interval
    ece_all: Interval
    weights: Mapping[str, Sequence[float]]
    learned: str

    @property
    def gates(self) -> dict[str, bool]:
        """What was asked for, and whether it came out."""
        learned, differences = self.contestants[self.learned], self.differences
        gain = differences["learned_minus_rules"]
        reached = (
            gain.mean >= 0.03 and gain.low > 0,
            learned["capture"].mean >= 0.6,
            learned["regret"].mean <= 0.10,
            differences["gini_minus_rules"].mean <= 0.02,
            self.ece.mean <= 0.05,
        )
        return dict(zip(GATES, reached, strict=True))

    def plain(self) -> dict[str, Any]:
        """One object for JSON; `capture`, `regret`, `ece` and `gini` are the learned ranker's."""
        learned = self.contestants[self.learned]
        return {
            "world": self.world,
            "seeds": list(self.seeds),
            "learned": self.learned,
            "ndcg5": {n: round(of["ndcg5"].mean, 5) for n, of in self.contestants.items()},
            "capture": round(learned["capture"].mean, 5),
            "regret": round(learned["regret"].mean, 5),
            "ece": round(self.ece.mean, 5),
            "gini": round(learned["gini"].mean, 5),
            "differences": {name: found.plain() for name, found in self.differences.items()},
            "ece_interval": self.ece.plain(),
            "ece_all_pairs": self.ece_all.plain(),
            "contestants": {
                name: {measure: found.plain() for measure, found in of.items()}
                for name, of in self.contestants.items()
            },
            "acceptance_weights": {name: list(w) for name, w in self.weights.items()},
            "gates": self.gates,
        }


def summarise(world: str, verdicts: Sequence[Verdict]) -> Summary:
    """The seeds together."""

    def columns(*wanted: tuple[str, str]) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
        return [
            np.column_stack([one.measures[name][measure] for name, measure in wanted])
            for one in verdicts
        ]

    def measured(name: str, measure: str) -> Interval:
        if measure == "capture":
            three = [(who, "worth5") for who in (name, "random", ORACLE)]
            return interval(columns(*three), capture)
        return interval(columns((name, measure)), first)

    def single(values: Sequence[float]) -> Interval:
        return interval([np.array([[value]]) for value in values])

    return Summary(
        world,
        tuple(one.seed for one in verdicts),
        {name: {m: measured(name, m) for m in MEASURES} for name in CONTESTANTS},
        {
            name: interval(columns((a, measure), (b, measure)), difference)
            for name, (a, b, measure) in differences(verdicts[0].learned).items()
        },
        single([one.ece for one in verdicts]),
        single([one.ece_all for one in verdicts]),
        {name: [one.weights[name] for one in verdicts] for name in verdicts[0].weights},
        verdicts[0].learned,
    )
