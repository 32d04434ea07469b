"""What an answer says about its own call: its time, its SQL, its span."""

import re
from typing import Final

from db.timing import Spent, current, measured
from db.unit_of_work import Database
from learnflow.runtime.exchange import Exchange
from learnflow.runtime.spans import headers_of
from tests.runtime.calling import Answer, app_of, call
from tests.runtime.sample import find_pupil
from tests.runtime.test_with_database import MATCHED, app, register

TIMING: Final = re.compile(
    r'function;dur=(?P<function>[\d.]+), sql;dur=(?P<sql>[\d.]+);desc="(?P<statements>\d+)"'
    r"(?P<duplicate>, duplicate)?"
)
TRACE: Final = "a1" * 16


def timing(answer: Answer) -> re.Match[str]:
    found = TIMING.fullmatch(answer.of_this_call["server-timing"])
    assert found, answer.of_this_call
    return found


async def test_a_registration_tells_its_one_statement_and_that_sql_is_part_of_it(
    students: Database,
) -> None:
    told = timing(await register(students))
    assert told["statements"] == "1"
    assert 0 < float(told["sql"]) <= float(told["function"])


async def test_a_call_does_not_count_the_statements_of_another(students: Database) -> None:
    counts = [timing(await register(students))["statements"] for _ in range(2)]
    assert counts == ["1", "1"]


async def test_an_event_heard_before_is_told_to_be_a_duplicate(students: Database) -> None:
    pupil = (await register(students)).json["student_id"]
    hearing = app("notify_student", students)
    body = (
        f'{{"student_id":"{pupil}","round":1,"match_id":"m","tutor_id":"t","reasons":[]}}'
    ).encode()
    sent = {**MATCHED, "ce-id": "e-1"}
    first = await call(hearing, "POST", headers=sent, body=body)
    again = await call(hearing, "POST", headers=sent, body=body)
    assert (first.status, again.status) == (204, 204)
    assert timing(first)["duplicate"] is None
    assert timing(again)["duplicate"] == ", duplicate"


async def test_the_trace_of_the_caller_is_answered_with_a_span_of_ours() -> None:
    sent = {"traceparent": f"00-{TRACE}-{'b2' * 8}-01"}
    told = (await call(app_of(find_pupil), path="/api/pupils/p1", headers=sent)).of_this_call
    assert told["traceresponse"].startswith(f"00-{TRACE}-")
    assert "b2" * 8 not in told["traceresponse"]


async def test_a_refusal_tells_its_trace_in_the_header_and_in_the_document() -> None:
    answer = await call(app_of(find_pupil), "PATCH", "/api/pupils/p1")
    assert answer.status == 405
    assert answer.json["trace_id"] == answer.of_this_call["traceresponse"][3:35]


async def test_health_says_nothing_about_itself() -> None:
    assert (await call(app_of(find_pupil), path="/healthz")).of_this_call == {}


def test_sql_that_no_call_measures_is_counted_nowhere() -> None:
    spent = measured()
    current().add(0.25)
    assert (spent.seconds, spent.statements) == (0.25, 1)


def test_a_header_is_in_milliseconds() -> None:
    scope = {"method": "GET", "path": "/", "query_string": b"", "headers": []}
    spent = Spent()
    spent.add(0.0015)
    told = dict(headers_of(Exchange(scope, None), 0.002, spent))  # type: ignore[arg-type]
    assert told[b"server-timing"] == b'function;dur=2.000, sql;dur=1.500;desc="1"'
