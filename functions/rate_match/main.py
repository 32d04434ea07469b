"""Hears POST /api/matches/{match_id}/rating {stars}.

Says match.rated. Writes students_db: ratings.
"""

from db.students import ratings
from db.unit_of_work import Unit
from learnflow.runtime import Done, NotFound, Refused, Wish, command
from learnflow.runtime.fields import ResourceId, Stars


class RateMatch(Wish):
    """Which match, and how good it is, 1 to 5 stars."""

    match_id: ResourceId
    stars: Stars


@command("POST /api/matches/{match_id}/rating", RateMatch, database="students")
async def rate_match(wish: RateMatch, work: Unit) -> Done:
    """Remember the first rating of a match the student has or had last, say it; it stands."""
    rating = await ratings.rate(work, wish.match_id, wish.stars)
    if rating is None:
        raise NotFound("match")
    if rating.outcome == "other":
        raise Refused(
            409, "Rated already", "this match was rated otherwise; the first rating stands"
        )
    if rating.outcome == "past":
        raise Refused(409, "Not current", "the student has another match by now; rate that one")
    if rating.said:
        work.say(rating.said)
    return Done()
