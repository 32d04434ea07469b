"""Ninety seconds without Postgres, sixty without the relay, 120 without matching_db: all heal."""

import asyncio

import pytest

from tests.system.outages import STUDENTS, Background


@pytest.mark.timeout(420)
@pytest.mark.parametrize("what", ["postgres", "relay", "matching"])
async def test_nobody_is_stranded_by_a_long_outage(outages: Background | None, what: str) -> None:
    assert outages is not None
    outcome = await asyncio.wrap_future(outages.outcomes[what])
    assert outcome.broken == []
    assert outcome.registered == STUDENTS
    assert outcome.waited > 0, "the outage was none"
