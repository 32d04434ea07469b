"""Outbox, inbox, idempotency and resends as SQLModel mixins, for migrations and tests only."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

NOW = {"server_default": text("now()")}
ZERO = {"server_default": text("0")}
MOMENT: Any = DateTime(timezone=True)
TEXTS: Any = ARRAY(Text)
EMPTY = {"server_default": text("'{}'")}


class OutboxRow(SQLModel):
    """A fact to be published; partitioned by day."""

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_args=[Identity(always=True)])
    created_at: datetime = Field(sa_type=MOMENT, primary_key=True, sa_column_kwargs=NOW)
    event_id: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    topic: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    data: str = Field(sa_type=Text)
    traceparent: str | None = Field(sa_type=Text)
    published_at: datetime | None = Field(sa_type=MOMENT)
    attempts: int = Field(sa_column_kwargs=ZERO)
    parked: str | None = Field(sa_type=Text)


def outbox_args() -> tuple[Index, Index, dict[str, str]]:
    """The indexes of what is unpublished and of what may be published again, the partitioning."""
    unpublished = text("published_at IS NULL AND parked IS NULL")
    published = text("published_at IS NOT NULL AND parked IS NULL")
    return (
        Index("outbox_unpublished", "id", postgresql_where=unpublished),
        Index("outbox_published", "key", postgresql_where=published),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )


class InboxRow(SQLModel):
    """An event that a consumer has applied."""

    consumer: str = Field(sa_type=Text, primary_key=True)
    source: str = Field(sa_type=Text, primary_key=True)
    event_id: str = Field(sa_type=Text, primary_key=True)
    heard_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


class IdempotencyRow(SQLModel):
    """The first answer to a client's key."""

    route: str = Field(sa_type=Text, primary_key=True)
    principal: str = Field(sa_type=Text, primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    payload_hash: str = Field(sa_type=Text)
    status: int
    resource_id: str | None = Field(sa_type=Text)
    etag: str | None = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)


def idempotency_args() -> tuple[Index]:
    """The index that erasure needs."""
    return (Index("idempotency_resource", "resource_id"),)


class ResendRow(SQLModel):
    """How often a stuck student's facts were published again."""

    student_id: str = Field(sa_type=Text, primary_key=True)
    attempts: int = Field(sa_column_kwargs=ZERO)
    next_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs=NOW)
