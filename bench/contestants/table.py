"""The table of the SQLModel contestants, and the engine they use."""

from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Field, SQLModel


class Wish(SQLModel):
    """What is asked for."""

    name: str = Field(min_length=1, max_length=200)
    grade: int = Field(ge=1, le=12)
    subject: str = Field(min_length=1, max_length=40)


class Student(Wish, table=True):
    """A student; the table fills in the time of registration."""

    __tablename__ = "students"

    student_id: str = Field(default_factory=lambda: uuid4().hex, primary_key=True)


def engine(dsn: str, size: int = 16) -> AsyncEngine:
    """An engine with as many connections as the race has, or as its owner needs."""
    url = dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
    return create_async_engine(url, pool_size=size)
