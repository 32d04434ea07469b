"""Hears POST /api/tutors {name, subjects, ...}.

Says tutor.registered. Writes tutors_db: tutors.
"""

from pydantic import model_validator

from db.ids import new_id
from db.tutors import store
from db.unit_of_work import Unit
from eventing.events import TutorRegistered
from learnflow.runtime import Created, Wish, command, fields


class RegisterTutor(Wish):
    """Who teaches what; all but the first two may be left out."""

    name: fields.PersonName
    subjects: fields.Subjects
    grade_min: fields.Grade = 1
    grade_max: fields.Grade = 12
    capacity: fields.Capacity = 3
    available: bool = True
    times: fields.Times = ()
    languages: fields.Languages = ()
    price_band: fields.Band | None = None
    experience_years: fields.ExperienceYears | None = None
    goals: fields.Goals = ()

    @model_validator(mode="after")
    def _grades_in_order(self) -> "RegisterTutor":
        if self.grade_min > self.grade_max:
            raise ValueError("grade_min is above grade_max")
        return self


@command("POST /api/tutors", RegisterTutor, database="tutors", creates="tutor")
async def register_tutor(wish: RegisterTutor, work: Unit) -> Created:
    """Remember the tutor, say that one registered."""
    offer = wish.model_dump(exclude={"name"})
    tutor = TutorRegistered(tutor_id=new_id(), version=1, **offer)
    store.add_tutor(work, tutor, wish.name)
    work.say(tutor)
    return Created(tutor.tutor_id, tutor.version)
