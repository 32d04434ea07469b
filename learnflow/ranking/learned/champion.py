"""Which ranker answers: the learned one when its model fits, else the rules, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from learnflow.ranking.learned.artifact import Artifact, Refused
from learnflow.ranking.learned.loading import load
from learnflow.ranking.learned.ranker import LearnedRanker
from learnflow.ranking.ranker import Ranker
from learnflow.ranking.rules import RuleRanker


@dataclass(frozen=True, slots=True)
class Champion:
    """The ranker in use; `reason` says why it is the rules where a model was to be expected."""

    ranker: Ranker
    policy: Literal["learned", "rules"]
    reason: str | None = None


def champion(read: Callable[[], Artifact | None]) -> Champion:
    """The ranker for what `read` finds: None is no model, an OSError one that cannot be had."""
    try:
        artifact = read()
        if artifact is None:
            return Champion(RuleRanker(), "rules", "no model was promoted")
        return Champion(LearnedRanker(load(artifact)), "learned")
    except Refused as refused:
        return Champion(RuleRanker(), "rules", f"the model does not fit: {refused}")
    except OSError as error:  # TimeoutError too
        return Champion(RuleRanker(), "rules", f"the model cannot be read: {error}")
