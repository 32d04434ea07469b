"""The tables of students_db. Imported by migrations, admin and tests; functions import `store`."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, MetaData, Text, UniqueConstraint, text
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


class StudentsBase(SQLModel, registry=registry()):
    """Tables of students_db share this metadata."""

    metadata = MetaData()


class Outbox(OutboxRow, StudentsBase, table=True):
    """Facts to be published."""

    __tablename__ = "outbox"
    __table_args__ = outbox_args()


class Inbox(InboxRow, StudentsBase, table=True):
    """Events applied."""

    __tablename__ = "inbox"


class Idempotency(IdempotencyRow, StudentsBase, table=True):
    """Answers by idempotency key."""

    __tablename__ = "idempotency"
    __table_args__ = idempotency_args()


class Resend(ResendRow, StudentsBase, table=True):
    """Facts published again."""

    __tablename__ = "resends"


STATES = "state IN ('pending', 'waiting', 'matched', 'closed')"
TOLD = "withdrawn OR (name IS NOT NULL AND grade IS NOT NULL AND subject IS NOT NULL)"
STARS = "stars BETWEEN 1 AND 5"
KINDS = "kind IN ('matched', 'waiting', 'closed', 'ended')"


class Student(StudentsBase, table=True):
    """Who asked for a tutor and what came of it; a tombstone once withdrawn."""

    __tablename__ = "students"
    __table_args__ = (
        CheckConstraint(STATES, name="students_state"),
        CheckConstraint(TOLD, name="students_told"),
        Index(
            "students_unsettled",
            "changed_at",
            postgresql_where=text("state = 'pending' OR stage = 1"),
        ),
    )

    student_id: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(sa_column_kwargs={"server_default": text("1")})
    name: str | None = Field(sa_type=Text)
    grade: int | None
    subject: str | None = Field(sa_type=Text)
    times: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    languages: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    budget_band: int | None
    goals: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    withdrawn: bool = Field(sa_column_kwargs={"server_default": text("false")})
    state: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'pending'")})
    round: int = Field(sa_column_kwargs=ZERO)
    stage: int = Field(sa_column_kwargs=ZERO)
    match_id: str | None = Field(sa_type=Text)
    tutor_id: str | None = Field(sa_type=Text)
    reasons: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'[]'")})
    last_seq: int = Field(sa_column_kwargs=ZERO)
    registered_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)
    changed_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class Notification(StudentsBase, table=True):
    """What a student was told, in order."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(KINDS, name="notifications_kind"),
        UniqueConstraint("recipient_id", "round", "kind", name="notifications_once"),
        Index(
            "notifications_match",
            "match_id",
            postgresql_where=text("match_id IS NOT NULL"),
        ),
    )

    recipient_id: str = Field(sa_type=Text, primary_key=True)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    round: int
    kind: str = Field(sa_type=Text)
    data: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)
    match_id: str | None = Field(sa_type=Text)


class Rating(StudentsBase, table=True):
    """What a student thinks of a match: one word, which stands."""

    __tablename__ = "ratings"
    __table_args__ = (CheckConstraint(STARS, name="ratings_stars"),)

    match_id: str = Field(sa_type=Text, primary_key=True)
    student_id: str = Field(sa_type=Text)
    stars: int
    rated_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)
