"""Which tutor suits a student best, and why: the Ranker protocol and the rules that fill it."""

from learnflow.ranking.ranker import Ranker, Suggestion
from learnflow.ranking.rules import RuleRanker

__all__ = ["Ranker", "RuleRanker", "Suggestion", "champion"]


def champion() -> Ranker:
    """The ranker in use: the rules, until a learned model passes its gate."""
    return RuleRanker()
