"""Words that the models count by place. Only ever append: a model keeps the places it learned."""

from collections.abc import Iterable, Mapping
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS: Final = {
    f"{day}-{hour:02}": 24 * n + hour for n, day in enumerate(DAYS) for hour in range(24)
}
GOALS: Final = ("exam", "catch-up", "enrichment", "homework")
"""Bit 0 is the first; a goal of another name is not known to the models."""
SUBJECTS: Final = (
    *("mathematics", "maths", "math", "statistics", "computer-science", "informatics"),
    *("physics", "chemistry", "biology", "science", "geography", "economics", "history"),
    *("politics", "philosophy", "religion", "art", "music", "english", "german", "french"),
    *("spanish", "italian", "latin"),
)
"""Neighbours are alike, so that a split at a place in this order means something. Only append."""


def bit_of(names: Iterable[str]) -> dict[str, int]:
    """A bit for each name, in their order."""
    return {name: 1 << place for place, name in enumerate(names)}


def bits(names: Iterable[str], known: Mapping[str, int]) -> int:
    """The bits of these names; names without one are left out."""
    found = 0
    for name in names:
        found |= known.get(name, 0)
    return found


HOUR_BITS: Final = bit_of(HOURS)
GOAL_BITS: Final = bit_of(GOALS)
