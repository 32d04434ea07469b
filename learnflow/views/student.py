"""What is seen of students: their wishes, and the match they have."""

from datetime import datetime
from typing import Literal

from eventing.events import Reason
from learnflow.views.view import View


class MatchOfStudent(View):
    """The match a student has now, and why this tutor."""

    match_id: str
    tutor_id: str
    reasons: tuple[Reason, ...]


class StudentView(View):
    """A student as they read themselves; `version` counts their own changes, `round` decisions.

    `state` is `pending` until the first decision is final, `closed` once tutoring has ended. An
    update shows at once; a match that no longer suits stays here until the next decision is final.
    """

    student_id: str
    version: int
    name: str
    grade: int
    subject: str
    times: tuple[str, ...]
    languages: tuple[str, ...]
    budget_band: int | None
    goals: tuple[str, ...]
    state: Literal["pending", "waiting", "matched", "closed"]
    round: int
    match: MatchOfStudent | None
    registered_at: datetime
    notified_at: datetime | None
    """When the student was last told something; None before the first word."""
