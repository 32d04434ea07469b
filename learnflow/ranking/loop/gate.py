"""The gate between challenger and champion: every reason to refuse, or none."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from learnflow.ranking.loop.comparing import Comparison

LEAST_ACCEPTED: Final = 5_000
"""Accepted matches below which only the rules are champion."""
STALE: Final = timedelta(days=30)
MOST_ECE: Final = 0.05
MOST_GINI: Final = 0.15
"""How much more unequal than the champion's; in simulation an oracle's is 0.10 more."""
LEAST_EFFECTIVE: Final = 500.0
"""Explored decisions, by what they are worth, below which the log estimates nothing."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate looks at; `unfit` says why the model cannot serve in this release."""

    kind: str
    accepted: int
    newest: datetime | None
    comparison: Comparison | None
    unfit: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: a code and a sentence with the numbers."""

    code: str
    told: str

    def __str__(self) -> str:
        return f"{self.code}: {self.told}"


def reasons(evidence: Evidence, now: datetime) -> tuple[Reason, ...]:
    """All that speaks against promoting; empty lets it pass."""
    found: list[Reason] = []
    if evidence.unfit:
        found.append(Reason("unfit", evidence.unfit))
    if evidence.kind != "live":
        found.append(Reason("synthetic", "trained on a simulated market, not on our log"))
    if evidence.accepted < LEAST_ACCEPTED:
        told = f"{evidence.accepted} accepted matches in the log, at least {LEAST_ACCEPTED} wanted"
        found.append(Reason("too_few_matches", told))
    if evidence.newest is not None and now - evidence.newest > STALE:
        told = f"the newest decision is of {evidence.newest:%Y-%m-%d}, over {STALE.days} days old"
        found.append(Reason("stale", told))
    compared = evidence.comparison
    if compared is None or not compared.queries:
        told = "no decision since the model was trained is old enough to judge by"
        found.append(Reason("no_evaluation_rows", told))
    else:
        found += _compared(compared)
    return tuple(found)


def _compared(found: Comparison) -> list[Reason]:
    """Written so that a number that is not known (NaN) refuses."""
    against = []
    if not found.gain.low > 0:
        told = (
            f"NDCG@5 {found.gain.mean:+.3f} over the champion,"
            f" 95 % from {found.gain.low:+.3f} to {found.gain.high:+.3f}: not surely better"
        )
        against.append(Reason("not_better", told))
    if not found.ece <= MOST_ECE:
        told = f"calibration error {found.ece:.3f} of the acceptance model, at most {MOST_ECE}"
        against.append(Reason("miscalibrated", told))
    if not found.gini <= found.champion_gini + MOST_GINI:
        told = (
            f"bookings would fall on tutors with Gini {found.gini:.3f}, the champion's"
            f" with {found.champion_gini:.3f}; at most {MOST_GINI} more"
        )
        against.append(Reason("load_concentrated", told))
    mine, theirs = found.challenger_worth, found.champion_worth
    known = min(mine.effective, theirs.effective) >= LEAST_EFFECTIVE
    if known and not mine.snips >= theirs.snips:
        told = (
            f"by what came of explored decisions it is worth {mine.snips:.3f} a decision,"
            f" the champion {theirs.snips:.3f}"
        )
        against.append(Reason("worth_less", told))
    return against
