"""What people see of a match: who was chosen, why, who came next, and what became of it."""

from datetime import datetime
from typing import Literal

from learnflow.views.view import View

State = Literal["held", "booked", "accepted", "declined", "ended", "closed", "replaced"]
Kind = Literal["accepted", "declined", "ended", "rated"]


class Part(View):
    """A code of the ranker, and what it gave or took; some codes have no number."""

    code: str
    value: float | None


class Reasons(View):
    """What speaks for a tutor and what against, the weightiest first.

    Numbers in favour are what a part gave to the score; those against are what it fell short of.
    """

    in_favour: tuple[Part, ...]
    against: tuple[Part, ...]


class RunnerUp(View):
    """The best of the other candidates; `decided_by` is where the chosen tutor was ahead.

    It is `no_slot` where the other ranked higher but had no slot left, or somebody else was just
    taking it; `same_score` for a tie; `explored` where chance put the chosen tutor ahead.
    """

    tutor_id: str
    place: int
    score: float
    reasons: Reasons
    decided_by: tuple[Part, ...]


class LeftOut(View):
    """How many tutors each hard constraint leaves out; each tutor counts once, at the first."""

    grade: int
    languages: int
    times: int
    budget: int
    unavailable: int
    no_slot: int
    excluded: int


class Filters(View):
    """From all who teach the subject to who could take the student, by the wishes as of now."""

    as_of: datetime
    subject: str
    teaching: int
    left_out: LeftOut
    remaining: int


class OutcomeView(View):
    """What became of the match, and when that was heard."""

    kind: Kind
    stars: int | None
    reason: str | None
    heard_at: datetime


class MatchView(View):
    """A match explained.

    `state` is `held` until the tutor's slot is booked, `closed` when the student left, `replaced`
    when a later round decided anew. What is null was not kept: matches of before the history have
    no reasons. `filters` is null once the student has left.
    """

    match_id: str
    student_id: str
    tutor_id: str
    round: int
    decided_at: datetime
    state: State
    ranker: str | None
    candidates: int | None
    place: int | None
    score: float | None
    reasons: Reasons | None
    runner_up: RunnerUp | None
    filters: Filters | None
    outcomes: tuple[OutcomeView, ...]
