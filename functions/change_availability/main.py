"""Hears PUT /api/tutors/{tutor_id}/availability {available, capacity, times} with If-Match.

Says tutor.availability.changed. Writes tutors_db: tutors.
"""

from db.tutors import store
from db.unit_of_work import Unit
from learnflow.forms.tutor import AvailabilityForm
from learnflow.runtime import Changed, NotFound, Refused, StaleVersion, command
from learnflow.runtime.fields import IfMatch, ResourceId


class ChangeAvailability(AvailabilityForm):
    """Whose availability, and which version of the tutor the caller knows."""

    tutor_id: ResourceId
    version: IfMatch


@command("PUT /api/tutors/{tutor_id}/availability", ChangeAvailability, database="tutors")
async def change_availability(wish: ChangeAvailability, work: Unit) -> Changed:
    """Change slots and hours, say so; bookings stay, and so capacity stays above them."""
    offer = (wish.capacity, wish.available, wish.times)
    tutor = await store.change_availability(work, wish.tutor_id, wish.version.versions, *offer)
    if tutor is None:
        raise NotFound("tutor")
    if tutor.outcome == "stale":
        raise StaleVersion("tutor")
    if tutor.outcome == "below":
        detail = f"{tutor.booked} students are booked: capacity is at least that, or end a match"
        raise Refused(409, "Capacity below booked", detail, booked=tutor.booked)
    work.say(tutor.changed)
    return Changed(wish.tutor_id, tutor.changed.version)
