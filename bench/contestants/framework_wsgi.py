"""functions-framework as `functions-framework --target …` serves by default: gunicorn, threads.

SQLModel needs asyncpg here as everywhere, so each thread has a loop and a connection of its own:
nothing is handed from thread to thread, as with a driver that blocks.
"""

import threading
from typing import Any

import functions_framework
import uvloop
from flask import Request, Response, current_app, jsonify
from functions_framework._http import create_server
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.contestants.table import Student, Wish, engine

DSN = "LEARNFLOW_BENCH_DSN"


class Mine(threading.local):
    """One thread's loop and engine."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self.engine = engine(current_app.config[DSN], size=1)


_mine: Mine | None = None
_making = threading.Lock()


def register_student(request: Request) -> tuple[Response, int]:
    """Insert one student."""
    mine = _thread()
    student = Student.model_validate(Wish.model_validate_json(request.get_data()))
    mine.loop.run_until_complete(_insert(mine, student))
    return jsonify(student_id=student.student_id), 201


async def _insert(mine: Mine, student: Student) -> None:
    async with AsyncSession(mine.engine, expire_on_commit=False) as session:
        session.add(student)
        await session.commit()


def _thread() -> Mine:
    global _mine
    if _mine is None:
        with _making:
            _mine = _mine or Mine()
    return _mine


def run(dsn: str, descriptor: int) -> None:
    """Serve on a listening socket until SIGTERM."""
    build: Any = functions_framework.create_app
    app = build("register_student", __file__, "http")
    app.config[DSN] = dsn
    server: Any = create_server
    server(app, False, bind=f"fd://{descriptor}").run("127.0.0.1", 0)
