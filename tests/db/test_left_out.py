"""Who is left out and why, counted by the database and by brute force over random tutors."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.matching.history import FILTERS
from tests.postgres import Databases

CODES = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)
BANDS = st.none() | st.integers(1, 3)
TUTOR = st.fixed_dictionaries(
    {
        "subjects": st.lists(st.sampled_from(["physics", "music"]), max_size=2, unique=True),
        "grade_min": st.integers(1, 6),
        "grade_max": st.integers(4, 12),
        "capacity": st.integers(0, 3),
        "held": st.integers(0, 3),
        "available": st.booleans(),
        "times": CODES,
        "languages": CODES,
        "price_band": BANDS,
        "slots_version": st.integers(1, 2),
        "quarantined": st.none() | st.integers(1, 2),
    }
)
STUDENT = st.fixed_dictionaries(
    {
        "grade": st.integers(1, 12),
        "times": CODES,
        "languages": CODES,
        "budget_band": BANDS,
        "matched": st.none() | st.integers(0, 11),
        "excluded": st.lists(st.integers(0, 11), max_size=2),
    }
)
ADD_TUTORS = "INSERT INTO tutors SELECT * FROM json_populate_recordset(NULL::tutors, $1::json)"
ADD_STUDENT = "INSERT INTO requests SELECT * FROM json_populate_record(NULL::requests, $1::json)"
NEW_TUTOR = {"version": 1, "goals": [], "joined_at": "2026-11-22Z"} | dict.fromkeys(
    ("rating_sum", "rating_n", "accepted_n", "declined_n", "ended_n", "matches_n"), 0
)
NEW_STUDENT = {
    "student_id": "s", "student_version": 1, "subject": "physics", "grade": 7, "round": 0,
    "state": "waiting", "waiting_since": "2026-11-22Z", "times": [], "languages": [], "goals": [],
    "excluded": [],
}  # fmt: skip
COULD = """SELECT count(*) FROM tutors t, requests r
    WHERE suits(r, t) AND (has_slot(t) OR (r.tutor_id = t.tutor_id AND t.available))
      AND t.capacity > 0"""
Row = dict[str, Any]


@asynccontextmanager
async def taken_back(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose changes do not last."""
    connection = await asyncpg.connect(databases.superuser("matching"))
    try:
        await connection.execute("BEGIN")
        yield connection
    finally:
        await connection.close()


def why(student: Row, tutor: Row) -> str | None:
    """The first hard constraint that keeps this tutor from this student."""

    def apart(what: str) -> bool:
        wanted, given = set(student[what]), set(tutor[what])
        return bool(wanted) and bool(given) and wanted.isdisjoint(given)

    name = tutor["tutor_id"]
    price, budget = tutor["price_band"], student["budget_band"]
    free = tutor["held"] < tutor["capacity"]
    trusted = tutor["quarantined"] is None or tutor["quarantined"] < tutor["slots_version"]
    own = student["matched"] is not None and name == f"t{student['matched']}"
    checks = {
        "grade": not tutor["grade_min"] <= student["grade"] <= tutor["grade_max"],
        "languages": apart("languages"),
        "times": apart("times"),
        "budget": price is not None and budget is not None and price > budget,
        "unavailable": not tutor["available"],
        "no_slot": not (own or (free and trusted)),
        "excluded": name in {f"t{n}" for n in student["excluded"]},
    }
    return next((code for code, broken in checks.items() if broken), None)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(student=STUDENT, tutors=st.lists(TUTOR, max_size=12))
async def test_the_counts_are_those_of_brute_force_and_add_up(
    databases: Databases, student: Row, tutors: list[Row]
) -> None:
    known = [{**NEW_TUTOR, "tutor_id": f"t{n}", **tutor} for n, tutor in enumerate(tutors)]
    asked = {**NEW_STUDENT, **student, "excluded": [f"t{n}" for n in student["excluded"]]}
    if student["matched"] is not None:
        asked |= {"state": "matched", "tutor_id": f"t{student['matched']}"}
    async with taken_back(databases) as connection:
        await connection.execute(ADD_TUTORS, json.dumps(known))
        await connection.execute(ADD_STUDENT, json.dumps(asked))
        found = dict((await connection.fetch(FILTERS, "s"))[0])
        could = await connection.fetchval(COULD)

    teaching = [t for t in known if "physics" in t["subjects"] and t["capacity"]]
    counted = Counter(why(student, tutor) for tutor in teaching)
    del found["as_of"], found["subject"]
    assert found.pop("teaching") == len(teaching)
    assert found.pop("remaining") == counted.pop(None, 0) == could
    assert {code: n for code, n in found.items() if n} == dict(counted)


async def test_one_who_left_has_no_wishes_to_count_by(databases: Databases) -> None:
    async with taken_back(databases) as connection:
        await connection.execute(
            "INSERT INTO requests (student_id, student_version) VALUES ('s', 2)"
        )
        assert await connection.fetch(FILTERS, "s") == []


async def test_a_subject_that_nobody_teaches_has_zeros(databases: Databases) -> None:
    async with taken_back(databases) as connection:
        await connection.execute(ADD_STUDENT, json.dumps(NEW_STUDENT))
        (row,) = await connection.fetch(FILTERS, "s")
    assert (row["teaching"], row["remaining"], row["grade"]) == (0, 0, 0)
