"""The specification taken literally: functions-framework ASGI, a SQLModel session, one insert.

The framework loads this file by its path, as it does in a container.
"""

from typing import Any

import functions_framework.aio
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bench.contestants.table import Student, Wish, engine


async def register_student(request: Request) -> Response:
    """Insert one student."""
    wish = Wish.model_validate_json(await request.body())
    async with AsyncSession(request.app.state.database, expire_on_commit=False) as session:
        student = Student.model_validate(wish)
        session.add(student)
        await session.commit()
    return JSONResponse({"student_id": student.student_id}, 201)


def application(dsn: str) -> Any:
    """The ASGI application, built by the framework from this file."""
    build: Any = functions_framework.aio.create_asgi_app
    app = build("register_student", __file__, "http")
    app.state.database = engine(dsn)
    return app
