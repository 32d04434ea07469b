"""Reads three real databases into the checker's World. Needs three addresses and nothing else.

A student's name is the sender's mark: give every registration a name of its own.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from eventing.events import StudentSnapshot, TutorSnapshot
from tests.protocol.checker import Violation, check_at_rest, over_capacity
from tests.protocol.rows import (
    Booking,
    Hold,
    IndexedTutor,
    Notification,
    Registration,
    Request,
    Student,
    Tutor,
    World,
)

Rows = dict[str, list[dict[str, Any]]]
READ = {
    "students": {
        "students": "SELECT * FROM students ORDER BY student_id",
        "notifications": """SELECT recipient_id, recipient_id AS student_id, seq, round, kind,
            data::json->>'match_id' AS match_id, data::json->>'tutor_id' AS tutor_id
            FROM notifications""",
    },
    "tutors": {
        "tutors": "SELECT * FROM tutors ORDER BY tutor_id",
        "bookings": "SELECT * FROM bookings ORDER BY student_id",
        "notifications": """SELECT recipient_id, student_id, seq, round, kind,
            data::json->>'match_id' AS match_id, data::json->>'tutor_id' AS tutor_id
            FROM notifications""",
    },
    "matching": {
        "requests": """SELECT *, (extract(epoch FROM waiting_since) * 1000000)::bigint AS since
            FROM requests ORDER BY student_id""",
        "holds": "SELECT * FROM holds ORDER BY student_id, round",
        "tutors": "SELECT * FROM tutors ORDER BY tutor_id",
    },
}


async def audit(
    students: str, tutors: str, matching: str, registrations: Iterable[Registration]
) -> list[Violation]:
    """Every broken promise in these databases, which must be at rest."""
    return check_at_rest(await snapshot(students, tutors, matching, registrations))


async def snapshot(
    students: str, tutors: str, matching: str, registrations: Iterable[Registration]
) -> World:
    """The three databases (any role that may read them) as the checker wants them."""
    sent = tuple(registrations)
    asked, taught, held = (
        await _read("students", students),
        await _read("tutors", tutors),
        await _read("matching", matching),
    )
    words = asked["notifications"] + taught["notifications"]
    return World(
        registrations=sent,
        students=tuple(_students(asked["students"], sent)),
        notifications=tuple(Notification(**word) for word in words),
        requests=tuple(_request(row) for row in held["requests"]),
        holds=tuple(_hold(row) for row in held["holds"]),
        index=tuple(_indexed(row) for row in held["tutors"]),
        tutors=tuple(_tutor(row) for row in taught["tutors"]),
        bookings=tuple(_booking(row) for row in taught["bookings"]),
    )


async def overbooked(tutors: str) -> list[Violation]:
    """What one reading of tutors_db says against P7; true at any moment, not only at rest."""
    rows = await _read("tutors", tutors)
    return list(over_capacity(map(_tutor, rows["tutors"]), map(_booking, rows["bookings"])))


async def _read(short: str, dsn: str) -> Rows:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return {
                table: [dict(row) for row in await connection.fetch(sql)]
                for table, sql in READ[short].items()
            }
    finally:
        await connection.close()


def _students(rows: list[dict[str, Any]], sent: tuple[Registration, ...]) -> Iterable[Student]:
    marks = {registration.student_id: registration.mark for registration in sent}
    names = ("student_id", "version", "withdrawn", "round", "stage", "state", "match_id")
    for row in rows:
        known = row["name"] or marks.get(row["student_id"], row["student_id"])
        yield Student(mark=known, tutor_id=row["tutor_id"], **_only(row, *names))


def _request(row: dict[str, Any]) -> Request:
    wish = {**row, "version": row["student_version"]}
    fields = ("student_id", "student_version", "round", "state", "match_id", "tutor_id")
    return Request(
        wish=StudentSnapshot.model_validate(wish) if row["subject"] else None,
        waiting_since=row["since"],
        excluded=frozenset(row["excluded"]),
        **_only(row, *fields),
    )


def _hold(row: dict[str, Any]) -> Hold:
    known = _only(row, "student_id", "round", "match_id", "tutor_id", "confirmed")
    return Hold(tutor_version=row["slots_version"], **known)


def _indexed(row: dict[str, Any]) -> IndexedTutor:
    return IndexedTutor(
        offer=TutorSnapshot.model_validate(row) if row["subjects"] else None,
        limits_version=row["slots_version"],
        quarantined_version=row["quarantined"],
        **_only(row, "tutor_id", "version", "capacity", "available"),
    )


def _tutor(row: dict[str, Any]) -> Tutor:
    names = ("tutor_id", "version", "capacity", "available", "booked", "withdrawn")
    return Tutor(offer=TutorSnapshot.model_validate(row), **_only(row, *names))


def _booking(row: dict[str, Any]) -> Booking:
    names = ("student_id", "round", "state", "match_id", "tutor_id", "acknowledged")
    return Booking(**_only(row, *names))


def _only(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
