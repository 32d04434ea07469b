"""Named queries of students_db: what students think of their matches."""

from dataclasses import dataclass
from typing import Final, Literal

from db.unit_of_work import Unit
from eventing.events import MatchRated

RATE: Final = "SELECT * FROM rate_match($1, $2)"
"""Rate a match if it may be; see the function in the schema."""


@dataclass(frozen=True, slots=True)
class Rating:
    """What came of rating a match; `said` is the fact of a first rating, None of any other."""

    outcome: Literal["rated", "same", "other", "past"]
    said: MatchRated | None


async def rate(work: Unit, match_id: str, stars: int) -> Rating | None:
    """Rate a match: what came of it, or None for a match no student here was told of."""
    rows = await work.call(RATE, match_id, stars)
    if not rows:
        return None
    outcome, student_id, round_, tutor_id = rows[0]
    if outcome != "rated":
        return Rating(outcome, None)
    fact = MatchRated(
        student_id=student_id, round=round_, match_id=match_id, tutor_id=tutor_id, stars=stars
    )
    return Rating(outcome, fact)
