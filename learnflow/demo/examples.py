"""The registrations to send: JSON Lines files, each line the body of one request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Body = Mapping[str, Any]
STUDENTS_A_SECOND: Final = 50.0
"""Open loop: slow enough to watch, and the load at which latency is promised."""
FOLDER: Final = Path(__file__).parents[2] / "examples"


class ExamplesError(Exception):
    """A file of examples is missing or not JSON Lines; the text says which and where."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One file, where its lines are sent, and how many a second (0: as fast as answers come)."""

    file: Path
    path: str
    bodies: tuple[Body, ...]
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Examples:
    """What a centre sends, in this order: tutors, students, and tutors who come later."""

    tutors: Batch
    students: Batch
    late_tutors: Batch


def load(folder: Path = FOLDER) -> Examples:
    """Read the three files. Raises ExamplesError."""
    return Examples(
        _batch(folder / "tutors.jsonl", "/api/tutors"),
        _batch(folder / "students.jsonl", "/api/students", STUDENTS_A_SECOND),
        _batch(folder / "late_tutors.jsonl", "/api/tutors"),
    )


def _batch(file: Path, path: str, rate: float = 0.0) -> Batch:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ExamplesError(f"{file} cannot be read: {error.strerror}.") from error
    bodies = tuple(_body(file, number, line) for number, line in enumerate(lines, 1))
    return Batch(file, path, bodies, rate)


def _body(file: Path, number: int, line: str) -> Body:
    try:
        body: Body = json.loads(line)
    except ValueError as error:
        raise ExamplesError(f"{file}, line {number} is not JSON: {error}.") from error
    return body
