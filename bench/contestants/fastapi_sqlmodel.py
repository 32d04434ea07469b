"""The usual monolith: FastAPI, a SQLModel session per request, one plain insert."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.contestants.table import Student, Wish, engine


def application(dsn: str) -> Any:
    """The ASGI application."""
    app = FastAPI()
    database = engine(dsn)

    async def session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(database, expire_on_commit=False) as opened:
            yield opened

    async def register(
        wish: Wish, opened: Annotated[AsyncSession, Depends(session)]
    ) -> dict[str, str]:
        student = Student.model_validate(wish)
        opened.add(student)
        await opened.commit()
        return {"student_id": student.student_id}

    app.post("/api/students", status_code=201)(register)
    return app
