"""Hears POST /api/tutors {name, subjects, ...}.

Says tutor.registered. Writes tutors_db: tutors.
"""

from db.ids import new_id
from db.tutors import store
from db.unit_of_work import Unit
from eventing.events import TutorRegistered
from learnflow.forms.tutor import TutorForm
from learnflow.runtime import Created, command


@command("POST /api/tutors", TutorForm, database="tutors", creates="tutor")
async def register_tutor(wish: TutorForm, work: Unit) -> Created:
    """Remember the tutor, say that one registered."""
    offer = wish.model_dump(exclude={"name"})
    tutor = TutorRegistered(tutor_id=new_id(), version=1, **offer)
    store.add_tutor(work, tutor, wish.name)
    work.say(tutor)
    return Created(tutor.tutor_id, tutor.version)
