"""Hears POST /api/matches/{match_id}/response {response: accept, decline or end}.

Says match.accepted, match.declined or match.ended. Writes tutors_db: bookings, tutors.
"""

from typing import Literal

from db.tutors import bookings
from db.unit_of_work import Unit
from learnflow.runtime import Done, NotFound, Refused, Wish, command
from learnflow.runtime.fields import ResourceId

_ALLOWED = (
    "the match is {}: a booked one may be accepted or declined, a booked or accepted one ended"
)


class RespondToMatch(Wish):
    """Which match, and what the tutor says to it."""

    match_id: ResourceId
    response: Literal["accept", "decline", "end"]


@command("POST /api/matches/{match_id}/response", RespondToMatch, database="tutors")
async def respond_to_match(wish: RespondToMatch, work: Unit) -> Done:
    """Remember the tutor's answer, say so; saying it twice is saying it once."""
    answer = await bookings.respond(work, wish.match_id, wish.response)
    if answer is None:
        raise NotFound("match")
    if answer.outcome == "refused":
        raise Refused(409, "Not possible now", _ALLOWED.format(answer.state), state=answer.state)
    if answer.fact is not None:
        work.say(answer.fact)
    return Done()
