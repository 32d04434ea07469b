"""Hears match.accepted, match.declined, match.ended, match.rated. Says nothing.
Writes matching_db: outcomes.
"""

from db.matching import history
from db.unit_of_work import Unit
from eventing.events import MatchAccepted, MatchDeclined, MatchEnded, MatchRated
from learnflow.runtime import UnknownId, reaction


@reaction(MatchAccepted, MatchDeclined, MatchEnded, MatchRated, database="matching")
async def record_outcome(event: history.OutcomeEvent, work: Unit) -> None:
    """Remember what became of a match, each kind once, in whatever order it is heard."""
    if await history.record_outcome(work, event) == "unknown":
        raise UnknownId("match")
