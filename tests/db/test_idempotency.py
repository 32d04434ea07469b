"""The same key is one deed; tests through HTTP are in tests/runtime."""

import asyncio

import pytest

from db import unit_of_work
from db.idempotency import CLAIM_KEY, Answered, IdempotencyKey, KeyInFlight, KeyReused
from db.unit_of_work import Database
from tests.eventually import eventually

KEY = IdempotencyKey("POST /api/students", "anyone", "k1", "hash-1")
ANSWER = Answered(201, "s1", '"v1"')


async def first(students: Database) -> None:
    """The call that does it."""
    async with students.unit() as work:
        assert await work.claim(KEY) is None
        work.answer(KEY, ANSWER)
        await work.commit()


async def test_the_first_answer_is_given_again(students: Database) -> None:
    await first(students)
    async with students.unit() as work:
        assert await work.claim(KEY) == ANSWER


async def test_another_payload_is_refused(students: Database) -> None:
    await first(students)
    with pytest.raises(KeyReused):
        async with students.unit() as work:
            await work.claim(IdempotencyKey(KEY.route, KEY.principal, KEY.key, "hash-2"))


@pytest.mark.parametrize(
    "other", [("PUT", "anyone", "k1"), (KEY.route, "bo", "k1"), (KEY.route, "anyone", "k2")]
)
async def test_a_key_is_of_one_route_and_one_principal(
    students: Database, other: tuple[str, str, str]
) -> None:
    await first(students)
    async with students.unit() as work:
        assert await work.claim(IdempotencyKey(*other, payload_hash="hash-2")) is None


async def test_what_was_rolled_back_left_no_answer(students: Database) -> None:
    async with students.unit() as work:
        await work.claim(KEY)
        work.answer(KEY, ANSWER)
    async with students.unit() as work:
        assert await work.claim(KEY) is None


async def asked_by(students: Database, sessions: int) -> bool:
    """Whether so many sessions have asked for a key last."""
    asked = "SELECT 1 FROM pg_stat_activity WHERE query = $1"
    async with students.unit() as work:
        return len(await work.read(asked, CLAIM_KEY)) == sessions


async def test_who_comes_while_it_is_done_waits_for_the_answer(students: Database) -> None:
    async def again() -> Answered | None:
        async with students.unit() as work:
            return await work.claim(KEY)

    async with students.unit() as work:
        await work.claim(KEY)
        second = asyncio.create_task(again())
        await eventually(lambda: asked_by(students, 2))
        assert not second.done()
        work.answer(KEY, ANSWER)
        await work.commit()
    assert await second == ANSWER


async def test_who_waits_too_long_is_told_that_it_is_in_flight(
    students: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_of_work, "_CLAIM_SECONDS", 0.05)
    async with students.unit() as work:
        await work.claim(KEY)
        with pytest.raises(KeyInFlight):
            async with students.unit() as other:
                await other.claim(KEY)
