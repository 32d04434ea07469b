"""Hears GET /api/matches/{match_id}. Says nothing. Reads matching_db."""

from db.matching import history
from db.unit_of_work import Unit
from learnflow.ranking.explaining import explained
from learnflow.runtime import Found, NotFound, Wish, query
from learnflow.runtime.fields import ResourceId
from learnflow.views.match import MatchView


class ExplainMatch(Wish):
    """Which match."""

    match_id: ResourceId


@query("GET /api/matches/{match_id}", ExplainMatch, database="matching", shows=MatchView)
async def explain_match(wish: ExplainMatch, work: Unit) -> Found:
    """Why this tutor and not another, and what became of it."""
    match = await history.find_match(work, wish.match_id)
    if match is None:
        raise NotFound("match")
    outcomes = await history.outcomes(work, wish.match_id)
    filters = await history.filters(work, match.student_id)
    return Found(explained(match, outcomes, filters))
