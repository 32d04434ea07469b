"""The tables of matching_db. Imported by migrations, admin and tests; functions import `store`."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, MetaData, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from db.messaging.models import (
    EMPTY,
    MOMENT,
    NOW,
    TEXTS,
    ZERO,
    IdempotencyRow,
    InboxRow,
    OutboxRow,
    ResendRow,
    idempotency_args,
    outbox_args,
)


class MatchingBase(SQLModel, registry=registry()):
    """Tables of matching_db share this metadata."""

    metadata = MetaData()


class Outbox(OutboxRow, MatchingBase, table=True):
    """Facts to be published."""

    __tablename__ = "outbox"
    __table_args__ = outbox_args()


class Inbox(InboxRow, MatchingBase, table=True):
    """Events applied."""

    __tablename__ = "inbox"


class Idempotency(IdempotencyRow, MatchingBase, table=True):
    """Answers by idempotency key."""

    __tablename__ = "idempotency"
    __table_args__ = idempotency_args()


class Resend(ResendRow, MatchingBase, table=True):
    """Facts published again."""

    __tablename__ = "resends"


STATES = "state IN ('new', 'matched', 'waiting', 'closed')"
OUTCOMES = "kind IN ('accepted', 'declined', 'ended', 'rated')"
ALIASES = "alias IN ('champion', 'challenger')"
VERDICTS = "verdict IN ('promoted', 'refused', 'rolled_back', 'trained')"
CLOCK = {"server_default": text("clock_timestamp()")}


class Request(MatchingBase, table=True):
    """A student's request: its newest round and what was decided."""

    __tablename__ = "requests"
    __table_args__ = (
        CheckConstraint(STATES, name="requests_state"),
        Index(
            "requests_waiting",
            "subject",
            "waiting_since",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    student_id: str = Field(sa_type=Text, primary_key=True)
    student_version: int
    round: int = Field(sa_column_kwargs=ZERO)
    state: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'new'")})
    match_id: str | None = Field(sa_type=Text)
    tutor_id: str | None = Field(sa_type=Text)
    waiting_since: datetime = Field(sa_type=MOMENT, sa_column_kwargs=CLOCK)
    grade: int | None
    subject: str | None = Field(sa_type=Text)
    times: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    languages: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    budget_band: int | None
    goals: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    excluded: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)


class IndexedTutor(MatchingBase, table=True):
    """What matching knows of a tutor, how many slots it holds, what became of past matches."""

    __tablename__ = "tutors"
    __table_args__ = (
        CheckConstraint("held >= 0", name="tutors_held"),
        Index(
            "tutors_open",
            "subjects",
            postgresql_using="gin",
            postgresql_where=text("available"),
        ),
    )

    tutor_id: str = Field(sa_type=Text, primary_key=True)
    version: int
    slots_version: int
    quarantined: int | None
    subjects: list[str] = Field(sa_type=TEXTS)
    grade_min: int
    grade_max: int
    capacity: int
    held: int = Field(sa_column_kwargs=ZERO)
    available: bool
    times: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    languages: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    price_band: int | None
    experience_years: int | None
    goals: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    rating_sum: int = Field(sa_column_kwargs=ZERO)
    rating_n: int = Field(sa_column_kwargs=ZERO)
    accepted_n: int = Field(sa_column_kwargs=ZERO)
    declined_n: int = Field(sa_column_kwargs=ZERO)
    ended_n: int = Field(sa_column_kwargs=ZERO)
    matches_n: int = Field(sa_column_kwargs=ZERO)
    joined_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class Hold(MatchingBase, table=True):
    """A slot held for a student's round until tutors_db says what became of it."""

    __tablename__ = "holds"
    __table_args__ = (
        Index("holds_unconfirmed", "held_at", postgresql_where=text("NOT confirmed")),
    )

    student_id: str = Field(sa_type=Text, primary_key=True)
    round: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    match_id: str = Field(sa_type=Text)
    tutor_id: str = Field(sa_type=Text)
    slots_version: int
    confirmed: bool = Field(sa_column_kwargs={"server_default": text("false")})
    held_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class Match(MatchingBase, table=True):
    """A match as it was decided, and why; partitioned by month."""

    __tablename__ = "matches"
    __table_args__ = ({"postgresql_partition_by": "RANGE (decided_at)"},)

    match_id: str = Field(sa_type=Text, primary_key=True)
    student_id: str = Field(sa_type=Text)
    round: int
    student_version: int
    tutor_id: str = Field(sa_type=Text)
    decided_at: datetime = Field(sa_type=MOMENT, primary_key=True, sa_column_kwargs=NOW)
    ranker: str | None = Field(sa_type=Text)
    candidates: int | None
    place: int | None
    shown: str | None = Field(sa_type=Text)
    features: bytes | None
    features_schema: str | None = Field(sa_type=Text)


class MatchKey(MatchingBase, table=True):
    """In which month a match is found, and whose it is."""

    __tablename__ = "match_keys"

    match_id: str = Field(sa_type=Text, primary_key=True)
    decided_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)
    student_id: str = Field(sa_type=Text)
    round: int


class MatchOutcome(MatchingBase, table=True):
    """What became of a match, each kind once."""

    __tablename__ = "outcomes"
    __table_args__ = (
        CheckConstraint(OUTCOMES, name="outcomes_kind"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="outcomes_stars"),
    )

    match_id: str = Field(
        sa_type=Text, primary_key=True, foreign_key="match_keys.match_id", ondelete="CASCADE"
    )
    kind: str = Field(sa_type=Text, primary_key=True)
    stars: int | None
    reason: str | None = Field(sa_type=Text)
    heard_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class Model(MatchingBase, table=True):
    """A ranking model, packed, by its id."""

    __tablename__ = "models"
    __table_args__ = (CheckConstraint("kind IN ('live', 'synthetic')", name="models_kind"),)

    id: str = Field(sa_type=Text, primary_key=True)
    manifest: str = Field(sa_type=Text)
    body: bytes
    kind: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class ModelAlias(MatchingBase, table=True):
    """Which model serves, and which is tried beside it."""

    __tablename__ = "model_aliases"
    __table_args__ = (CheckConstraint(ALIASES, name="model_aliases_alias"),)

    alias: str = Field(sa_type=Text, primary_key=True)
    model_id: str | None = Field(sa_type=Text, foreign_key="models.id", ondelete="SET NULL")
    changed_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class Promotion(MatchingBase, table=True):
    """What happened to an alias, and why."""

    __tablename__ = "promotions"
    __table_args__ = (
        CheckConstraint(ALIASES, name="promotions_alias"),
        CheckConstraint(VERDICTS, name="promotions_verdict"),
    )

    id: int = Field(sa_type=BigInteger, sa_column_args=(Identity(always=True),), primary_key=True)
    at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)
    alias: str = Field(sa_type=Text)
    model_id: str | None = Field(sa_type=Text)
    previous: str | None = Field(sa_type=Text)
    verdict: str = Field(sa_type=Text)
    reasons: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    report: str | None = Field(sa_type=Text)
