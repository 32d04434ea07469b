"""From a model's bytes to the ranker that serves it: proved, parsed once in a process, kept."""

from collections import OrderedDict
from typing import Final

from learnflow.ranking.learned.artifact import Artifact, Refused
from learnflow.ranking.learned.loading import load
from learnflow.ranking.learned.ranker import LearnedRanker

__all__ = ["KEPT", "Refused", "opened", "parsed"]

KEPT: Final = 4
"""Rankers of one process: champion, challenger, and those they were a moment ago."""
_parsed: Final[OrderedDict[str, LearnedRanker]] = OrderedDict()
"""By id, which is a hash of all that decides a score: the same in whatever database it was found.
What a fork server parsed, the processes forked from it find here."""


def parsed(model_id: str) -> LearnedRanker | None:
    """The ranker of a model that this process, or the one it was forked from, parsed before."""
    found = _parsed.get(model_id)
    if found is not None:
        _parsed.move_to_end(model_id)
    return found


def opened(model_id: str, packed: bytes) -> LearnedRanker:
    """The ranker of a model, proved to be what its id says. Raises Refused with the reason."""
    model = load(Artifact.unpacked(packed))
    if model.id != model_id:
        raise Refused(f"it was kept as {model_id} and is {model.id}")
    ranker = _parsed[model_id] = LearnedRanker(model)
    _parsed.move_to_end(model_id)
    while len(_parsed) > KEPT:
        _parsed.popitem(last=False)
    return ranker
