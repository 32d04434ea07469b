"""Words that the models count by place. Only ever append: a model keeps the places it learned."""

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
