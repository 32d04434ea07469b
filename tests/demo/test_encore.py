"""The encore explains a match that was decided by something, and follows its tutor's no."""

from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from learnflow.cli.show_result import encore_lines
from learnflow.demo.encore import Api, Encore, encore

FILTERS = {"teaching": 5, "remaining": 2, "left_out": {"grade": 2, "times": 0, "no_slot": 1}}
BY_HOURS = [{"code": "shared_hours", "value": 1.5}]
BY_NOTHING = [{"code": "same_score", "value": None}]


def _explained(decided_by: list[dict[str, Any]]) -> dict[str, Any]:
    reasons = {"in_favour": BY_HOURS, "against": []}
    return {
        "filters": FILTERS,
        "reasons": reasons,
        "runner_up": {"tutor_id": "t2", "decided_by": decided_by},
    }


def _student(match_id: str | None, tutor_id: str = "t1") -> dict[str, Any]:
    match = {"match_id": match_id, "tutor_id": tutor_id} if match_id else None
    return {"student_id": "s1", "name": "Mia", "subject": "latin", "match": match}


@dataclass
class FakeApi:
    """The gateway's answers; `later` are those about the student, one after the other."""

    explained: dict[str, dict[str, Any]]
    later: list[dict[str, Any]] = field(default_factory=list)
    takes_no: bool = True
    declined: list[str] = field(default_factory=list)

    async def get(self, path: str) -> dict[str, Any] | None:
        kind, _, key = path.removeprefix("/api/").partition("/")
        return self.explained.get(key) if kind == "matches" else self.later.pop(0)

    async def decline(self, match_id: str) -> bool:
        self.declined.append(match_id)
        return self.takes_no

    async def tutor_name(self, tutor_id: str) -> str:
        return tutor_id.upper()


async def _encore(api: FakeApi, *matches: str) -> Encore | None:
    return await encore(api, [_student(match_id) for match_id in matches])  # type: ignore[arg-type]


async def test_the_first_match_that_a_part_decided_is_declined_and_followed_to_its_end() -> None:
    api = FakeApi(
        {"m1": _explained(BY_NOTHING), "m2": _explained(BY_HOURS)},
        [_student("m2"), _student("m2"), _student("m3", "t2")],
    )
    told = await _encore(api, "m1", "m2")
    assert told is not None
    assert (api.declined, told.tutor, told.next_tutor) == (["m2"], "T1", "T2")
    assert not api.later  # asked until the match was another
    assert encore_lines(told)[1] == "  5 teach it, left out: 2 grade, 1 no slot; 2 remained"


async def test_a_student_nobody_else_can_teach_is_said_to_wait() -> None:
    told = await _encore(FakeApi({"m1": _explained(BY_HOURS)}, [_student(None)]), "m1")
    assert told is not None
    assert told.next_tutor is None
    assert "told to wait" in encore_lines(told)[-1]


@pytest.mark.parametrize("explained", [{}, {"m1": _explained(BY_NOTHING)}])
async def test_nothing_is_declined_where_there_is_nothing_to_show(explained: Any) -> None:
    api = FakeApi(explained)
    assert await _encore(api, "m1") is None
    assert api.declined == []


async def test_a_no_that_came_too_late_ends_it() -> None:
    assert await _encore(FakeApi({"m1": _explained(BY_HOURS)}, takes_no=False), "m1") is None


async def test_an_answer_that_does_not_come_is_none_and_no_error(unused_tcp_port: int) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
        api = Api(session)
        assert await api.get("/api/matches/m1") is None
        assert not await api.decline("m1")
        assert await api.tutor_name("t1") == "t1"
