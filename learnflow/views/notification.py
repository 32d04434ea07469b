"""What is seen on a stream: one notification of a student, or of a tutor."""

from typing import Annotated, Literal

from pydantic import Field

from learnflow.views.view import View

Seq = Annotated[int, Field(ge=1)]
"""A notification's place among its recipient's; a client that comes back sends the last it saw."""


class ReasonView(View):
    """Why a tutor was suggested: a code, and the number behind it."""

    code: str
    value: float | None


class StudentNews(View):
    """What a student is told: of which round, and of which match if there is one."""

    student_id: str
    round: int
    match_id: str | None
    tutor_id: str | None
    reasons: tuple[ReasonView, ...]


class TutorNews(View):
    """What a tutor is told: about which student, and which match."""

    tutor_id: str
    student_id: str
    round: int
    match_id: str


class StudentNotification(View):
    """One event of a student's stream."""

    id: Seq
    event: Literal["matched", "waiting", "closed", "ended"]
    data: StudentNews


class TutorNotification(View):
    """One event of a tutor's stream."""

    id: Seq
    event: Literal["matched", "released", "ended"]
    data: TutorNews
