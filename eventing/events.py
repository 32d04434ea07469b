"""The catalogue: every fact LearnFlow says, with its type, topic, key and content.

Snapshots and self-sufficient facts only, never differences: a hearer that sees them twice, late
or out of order ends in the same state (protocol R1-R5). `version` counts changes of a student or
tutor, `round` counts matching decisions about a student. Ids are opaque; nothing names a person.
Fields may be added as optional, never removed, renamed or narrowed within a version.
"""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Version = Annotated[int, Field(ge=1, lt=2**31)]
Round = Annotated[int, Field(ge=1, lt=2**31)]
Grade = Annotated[int, Field(ge=1, le=12)]
Subject = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
Band = Annotated[int, Field(ge=1, le=5)]
Codes = Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=84)]
Outcome = Literal["matched", "waiting", "closed"]
RefusalReason = Literal["capacity", "unavailable", "withdrawn", "unknown"]
DeclineReason = Literal["declined", "withdrawn"]


class Part(BaseModel):
    """A frozen piece of an event; fields it does not know are ignored, so that events may grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Event(Part):
    """A fact. Subclasses name its type, its topic and the field that is its key."""

    type: ClassVar[str]
    topic: ClassVar[str]
    key_field: ClassVar[str] = "student_id"

    def __init_subclass__(cls, topic: str = "", key: str = "student_id", version: int = 1) -> None:
        super().__init_subclass__()
        cls.topic, cls.key_field = topic, key
        cls.type = f"org.learnflow.{topic}.v{version}"

    @property
    def key(self) -> str:
        """The id that partitions this event: its student, or its tutor."""
        key: str = getattr(self, self.key_field)
        return key


class Reason(Part):
    """Why a tutor was suggested: a code from the ranker, and the number behind it."""

    code: Annotated[str, Field(max_length=60)]
    value: float | None = None


class StudentSnapshot(Event, topic="student"):
    """What matching may know of a student: times are weekly hours such as `mon-16`."""

    student_id: Id
    version: Version
    grade: Grade
    subject: Subject
    times: Codes = ()
    languages: Codes = ()
    budget_band: Band | None = None
    goals: Codes = ()


class TutorSnapshot(Event, topic="tutor", key="tutor_id"):
    """What matching may know of a tutor; `capacity` is slots in all, never slots left (R3)."""

    tutor_id: Id
    version: Version
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=20)]
    grade_min: Grade = 1
    grade_max: Grade = 12
    capacity: Annotated[int, Field(ge=0, le=50)]
    available: bool
    times: Codes = ()
    languages: Codes = ()
    price_band: Band | None = None
    experience_years: Annotated[int, Field(ge=0, le=70)] | None = None
    goals: Codes = ()


class MatchFact(Event, topic="match"):
    """A fact about one student's match of one round; it says all a hearer needs."""

    student_id: Id
    round: Round
    match_id: Id
    tutor_id: Id


class StudentRegistered(StudentSnapshot, topic="student.registered"):
    """A student asked for a tutor."""


class StudentUpdated(StudentSnapshot, topic="student.updated"):
    """A student's wishes changed."""


class StudentWithdrawn(Event, topic="student.withdrawn"):
    """A student left; only the id and the version remain."""

    student_id: Id
    version: Version


class TutorRegistered(TutorSnapshot, topic="tutor.registered", key="tutor_id"):
    """A tutor offered lessons."""


class TutorAvailabilityChanged(TutorSnapshot, topic="tutor.availability.changed", key="tutor_id"):
    """A tutor's capacity, hours or availability changed."""


class TutorWithdrawn(Event, topic="tutor.withdrawn", key="tutor_id"):
    """A tutor left; a match.declined follows for each student booked."""

    tutor_id: Id
    version: Version


class MatchingRequested(Event, topic="matching.requested", key="tutor_id"):
    """A tutor has a free slot and somebody eligible waits (R2)."""

    tutor_id: Id
    version: Version


class MatchingCompleted(Event, topic="matching.completed"):
    """Matching decided: a slot is held, or the student waits, or the request is closed (R1)."""

    student_id: Id
    round: Round
    outcome: Outcome
    student_version: Version
    match_id: Id | None = None
    tutor_id: Id | None = None
    reasons: Annotated[tuple[Reason, ...], Field(max_length=12)] = ()


class TutorMatched(MatchFact, topic="tutor.matched"):
    """The slot is booked: the match is final for its round."""

    reasons: Annotated[tuple[Reason, ...], Field(max_length=12)] = ()


class TutorMatchRefused(MatchFact, topic="tutor.match.refused"):
    """The slot was not there; the tutor's snapshot says what is (R3)."""

    reason: RefusalReason
    tutor_version: Annotated[int, Field(ge=0, lt=2**31)]
    capacity: Annotated[int, Field(ge=0, le=50)]
    available: bool


class TutorReleased(Event, topic="tutor.released"):
    """As of this round the student holds no slot; `tutor_id` is whose came free, if any did."""

    student_id: Id
    round: Round
    tutor_id: Id | None = None


class StudentMatched(MatchFact, topic="student.matched"):
    """The student was told."""


class MatchAccepted(MatchFact, topic="match.accepted"):
    """The tutor took the student on."""


class MatchDeclined(MatchFact, topic="match.declined"):
    """The tutor will not teach this student; the pair is not tried again."""

    reason: DeclineReason = "declined"


class MatchEnded(MatchFact, topic="match.ended"):
    """Tutoring ended; the slot is free."""


class MatchRated(MatchFact, topic="match.rated"):
    """The student rated the match, 1 to 5 stars."""

    stars: Annotated[int, Field(ge=1, le=5)]


CATALOGUE: Final[dict[str, type[Event]]] = {
    event.type: event
    for event in (
        StudentRegistered,
        StudentUpdated,
        StudentWithdrawn,
        TutorRegistered,
        TutorAvailabilityChanged,
        TutorWithdrawn,
        MatchingRequested,
        MatchingCompleted,
        TutorMatched,
        TutorMatchRefused,
        TutorReleased,
        StudentMatched,
        MatchAccepted,
        MatchDeclined,
        MatchEnded,
        MatchRated,
    )
}
"""Every event by its CloudEvents type."""

EXTERNAL: Final[dict[str, str]] = {}
"""Topics whose sayer or hearer is not in this repository yet, with who it will be."""
