"""The runner's upkeep: at once, hourly, sooner after a miss; it says what should not have been."""

import asyncio
from contextlib import suppress

import pytest

from db.maintain import Step, Upkeep
from learnflow.local import upkeep
from tests.eventually import eventually

LATE = Upkeep((Step("matching", "moved", "matches_default", 7),), {"tutors": "LockNotAvailable"})


def test_rows_in_a_default_and_a_database_that_was_missed_are_said() -> None:
    assert upkeep.worth_saying(Upkeep((Step("students", "made", "outbox_2026_11_25"),), {})) == []
    late, missed = upkeep.worth_saying(LATE)
    assert "7 rows had fallen into matches_default" in late
    assert "tutors_db was not maintained: LockNotAvailable" in missed


async def test_what_was_missed_is_tried_again_soon_and_what_went_well_hourly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = [LATE, LATE, Upkeep((), {}), LATE]
    said: list[str] = []
    done: list[Upkeep] = []

    async def maintained(_: object) -> Upkeep:
        done.append(runs.pop(0))
        return done[-1]

    monkeypatch.setattr(upkeep, "maintain", maintained)
    monkeypatch.setattr(upkeep, "RETRY_SECONDS", 0.001)
    task = asyncio.create_task(upkeep.keep_up({}, said.append))
    await eventually(lambda: len(done) == 3)
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert (len(runs), len(said)) == (1, 4)
