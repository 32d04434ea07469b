"""The tables of tutors_db. Imported by migrations, admin and tests; functions import `store`."""

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


class TutorsBase(SQLModel, registry=registry()):
    """Tables of tutors_db share this metadata."""

    metadata = MetaData()


class Outbox(OutboxRow, TutorsBase, table=True):
    """Facts to be published."""

    __tablename__ = "outbox"
    __table_args__ = outbox_args()


class Inbox(InboxRow, TutorsBase, table=True):
    """Events applied."""

    __tablename__ = "inbox"


class Idempotency(IdempotencyRow, TutorsBase, table=True):
    """Answers by idempotency key."""

    __tablename__ = "idempotency"
    __table_args__ = idempotency_args()


class Resend(ResendRow, TutorsBase, table=True):
    """Facts published again."""

    __tablename__ = "resends"


STATES = "state IN ('booked', 'accepted', 'refused', 'released', 'declined', 'ended')"
KINDS = "kind IN ('matched', 'released', 'ended')"
PAST = "state IN ('refused', 'released', 'declined', 'ended')"
OPEN = "state IN ('refused', 'declined') OR NOT acknowledged"


class Tutor(TutorsBase, table=True):
    """Who teaches, and how many slots are booked; a tombstone once withdrawn."""

    __tablename__ = "tutors"
    __table_args__ = (
        CheckConstraint("booked BETWEEN 0 AND capacity", name="tutors_booked"),
        Index(
            "tutors_by_subject",
            "subjects",
            postgresql_using="gin",
            postgresql_where=text("NOT withdrawn"),
        ),
        Index(
            "tutors_newest",
            text("registered_at DESC"),
            "tutor_id",
            postgresql_where=text("NOT withdrawn"),
        ),
    )

    tutor_id: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(sa_column_kwargs={"server_default": text("1")})
    name: str | None = Field(sa_type=Text)
    subjects: list[str] = Field(sa_type=TEXTS)
    grade_min: int = Field(sa_column_kwargs={"server_default": text("1")})
    grade_max: int = Field(sa_column_kwargs={"server_default": text("12")})
    capacity: int
    booked: int = Field(sa_column_kwargs=ZERO)
    available: bool = Field(sa_column_kwargs={"server_default": text("true")})
    withdrawn: bool = Field(sa_column_kwargs={"server_default": text("false")})
    times: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    languages: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    price_band: int | None
    experience_years: int | None
    goals: list[str] = Field(sa_type=TEXTS, sa_column_kwargs=EMPTY)
    last_seq: int = Field(sa_column_kwargs=ZERO)
    registered_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class Booking(TutorsBase, table=True):
    """The newest round about a student, and whether it has a slot."""

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint(STATES, name="bookings_state"),
        Index(
            "bookings_of_tutor",
            "tutor_id",
            postgresql_where=text("state IN ('booked', 'accepted')"),
        ),
        Index("bookings_open", "changed_at", postgresql_where=text(OPEN)),
        Index(
            "bookings_of_match",
            "match_id",
            postgresql_where=text("match_id IS NOT NULL"),
        ),
    )

    student_id: str = Field(sa_type=Text, primary_key=True)
    round: int
    match_id: str | None = Field(sa_type=Text)
    tutor_id: str | None = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    acknowledged: bool = Field(sa_column_kwargs={"server_default": text("false")})
    changed_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class PastMatch(TutorsBase, table=True):
    """A match whose student has gone on to a newer round, and what had become of it."""

    __tablename__ = "past_matches"
    __table_args__ = (CheckConstraint(PAST, name="past_matches_state"),)

    match_id: str = Field(sa_type=Text, primary_key=True)
    student_id: str = Field(sa_type=Text)
    round: int
    tutor_id: str | None = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    passed_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class Notification(TutorsBase, table=True):
    """What a tutor was told, in order."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(KINDS, name="notifications_kind"),
        UniqueConstraint("recipient_id", "student_id", "round", "kind", name="notifications_once"),
    )

    recipient_id: str = Field(sa_type=Text, primary_key=True)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    student_id: str = Field(sa_type=Text)
    round: int
    kind: str = Field(sa_type=Text)
    data: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)
