"""What a model sees, or would have seen, of the tutors of a decision: the rows that are kept.

The rules' decisions keep them too: the first model learns from the rules' log.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from db.matching.store import Asking, Offer
from learnflow.ranking.learned.columns import Floats, columns, wishes
from learnflow.ranking.learned.features import matrix


def today() -> date:
    """The day that decisions are made on: UTC's."""
    return datetime.now(UTC).date()


def seen(wish: Asking, offers: Sequence[Offer]) -> list[bytes]:
    """One row for each offer."""
    return packed(matrix(wishes(wish, today()), columns(offers))) if offers else []


def packed(x: Floats) -> list[bytes]:
    """Rows as they are kept: float32, little-endian."""
    whole, width = x.astype("<f4", copy=False).tobytes(), 4 * x.shape[1]
    return [whole[start : start + width] for start in range(0, len(whole), width)]
