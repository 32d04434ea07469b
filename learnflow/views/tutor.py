"""What is seen of tutors: one, a page of them, and one with the students who are taught."""

from datetime import datetime
from typing import Literal

from learnflow.views.view import View


class TutorView(View):
    """A tutor's offer; `free` is slots neither booked nor accepted, whether available or not."""

    tutor_id: str
    version: int
    name: str
    subjects: tuple[str, ...]
    grade_min: int
    grade_max: int
    capacity: int
    free: int
    available: bool
    times: tuple[str, ...]
    languages: tuple[str, ...]
    price_band: int | None
    experience_years: int | None
    goals: tuple[str, ...]
    registered_at: datetime


class TutorPage(View):
    """Tutors, newest first; `next` is the cursor of the page after this one, null on the last."""

    tutors: tuple[TutorView, ...]
    next: str | None


class TaughtStudent(View):
    """A student who has one of the tutor's slots, and whether the tutor has accepted."""

    student_id: str
    match_id: str
    round: int
    state: Literal["booked", "accepted"]


class TutorWithStudents(TutorView):
    """A tutor and the students who have a slot, the longest served first."""

    students: tuple[TaughtStudent, ...]
