"""Which tutor suits a student best, and why: the Ranker protocol and the rules that fill it.

`current` says which ranker is in use.
"""

from learnflow.ranking.ranker import Ranker, Suggestion
from learnflow.ranking.rules import RuleRanker

__all__ = ["Ranker", "RuleRanker", "Suggestion"]
