"""What a model sees, or would have seen, of the tutors of a decision: the rows that are kept.

The rules' decisions keep them too: the first model learns from the rules' log.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from db.matching.store import Asking, Offer
from learnflow.ranking.learned.rows import rows


def today() -> date:
    """The day that decisions are made on: UTC's."""
    return datetime.now(UTC).date()


def seen(wish: Asking, offers: Sequence[Offer]) -> list[bytes]:
    """One row for each offer."""
    return rows(wish, today(), offers) if offers else []
