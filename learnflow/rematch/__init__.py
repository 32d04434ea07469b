"""Many students at once: the most utility under capacity, or a matching nobody would leave."""

from learnflow.rematch.assignment import (
    Assignment,
    assign,
    assign_dense,
    assign_sparse,
    in_turn,
)
from learnflow.rematch.deferred import blocking_pairs, deferred_acceptance

__all__ = [
    "Assignment",
    "assign",
    "assign_dense",
    "assign_sparse",
    "blocking_pairs",
    "deferred_acceptance",
    "in_turn",
]
