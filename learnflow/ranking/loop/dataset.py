"""From logged decisions to what can be learned from, as of a moment: nothing that came later.

Features are those logged when the decision was made, never made anew. The order is that of time,
then of match ids, so it does not matter in which pages the log was read.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

import numpy as np
from pydantic_core import from_json

from db.matching.training_log import LoggedDecision
from learnflow.ranking.learned.catalogue import NAMES, schema_hash
from learnflow.ranking.learned.columns import Floats
from learnflow.ranking.learned.examples import MATURE, Decided, Fact, Kind

WINDOW: Final = timedelta(days=180)
"""How far back is learned from."""
NO_FEATURES: Final = "no_features"
OTHER_SCHEMA: Final = "other_schema"
MISSHAPEN: Final = "misshapen"
WHY: Final[Mapping[str, str]] = {
    NO_FEATURES: "were decided before features were logged",
    OTHER_SCHEMA: "were logged with other features than this release has",
    MISSHAPEN: "have features that are not one row for each tutor shown",
}
"""Why a decision is left out."""


class LeftOut(Exception):
    """A decision that nothing can be learned from; `why` is a key of WHY."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, eq=False)
class Logged:
    """A decision to learn from, and the tutors shown, in the order of the rows of features."""

    match_id: str
    decided: Decided
    tutors: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether the tutor said yes."""
        return any(fact.kind == "accepted" for fact in self.decided.facts)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Decisions old enough to judge, by time, and how many were left out for which reason."""

    log: Sequence[Logged]
    left_out: Mapping[str, int]

    @property
    def accepted(self) -> int:
        """How many of the matches were accepted."""
        return sum(one.accepted for one in self.log)

    @property
    def newest(self) -> datetime | None:
        """When the last of them was decided."""
        return self.log[-1].decided.decided_at if self.log else None

    def after(self, moment: datetime | None) -> Sequence[Logged]:
        """Those decided after a moment; all for None."""
        return [one for one in self.log if moment is None or one.decided.decided_at > moment]


def window(now: datetime) -> tuple[datetime, datetime]:
    """From when until when decisions are learned from: old enough to know what came of them."""
    return now - WINDOW, now - MATURE


def taken(decision: LoggedDecision, now: datetime) -> Logged | str | None:
    """A decision to learn from, or why it is left out; None where it is too old or too young."""
    since, until = window(now)
    if not since <= decision.decided_at < until:
        return None
    try:
        return logged(decision, now)
    except LeftOut as error:
        return error.why


def dataset(found: Iterable[Logged | str | None]) -> Dataset:
    """What `taken` found, in the order that training relies on."""
    log: list[Logged] = []
    left_out: Counter[str] = Counter()
    for one in found:
        if isinstance(one, Logged):
            log.append(one)
        elif one is not None:
            left_out[one] += 1
    log.sort(key=lambda one: (one.decided.decided_at, one.match_id))
    return Dataset(log, dict(left_out))


def logged(decision: LoggedDecision, now: datetime) -> Logged:
    """One decision as the trainer sees it, with what was heard before `now`. Raises LeftOut."""
    if decision.features is None or decision.shown is None:
        raise LeftOut(NO_FEATURES)
    kept: Mapping[str, Any] = from_json(decision.shown)
    tutors = tuple(line[0] for line in kept["tutors"])
    x = features(decision, len(tutors))
    if decision.tutor_id not in tutors:
        raise LeftOut(MISSHAPEN)
    facts = tuple(
        Fact(decision.tutor_id, cast(Kind, heard.kind), heard.heard_at, heard.stars)
        for heard in decision.outcomes
        if heard.heard_at < now
    )
    chosen = tutors.index(decision.tutor_id)
    said = kept.get("propensities")
    chances = tuple(float("nan") if one is None else float(one) for one in said) if said else None
    decided = Decided(x, chosen, decision.decided_at, facts, chances)
    return Logged(decision.match_id, decided, tutors)


def features(decision: LoggedDecision, shown: int) -> Floats:
    """The features of those shown, as they were. Raises LeftOut where they are not today's."""
    if decision.features is None:
        raise LeftOut(NO_FEATURES)
    if decision.features_schema != schema_hash():
        raise LeftOut(OTHER_SCHEMA)
    values = np.frombuffer(decision.features[: len(decision.features) // 4 * 4], dtype="<f4")
    if 4 * values.size != len(decision.features) or values.size != shown * len(NAMES):
        raise LeftOut(MISSHAPEN)
    return values.reshape(shown, len(NAMES)).astype(np.float32)
