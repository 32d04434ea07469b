"""matching_db with tutors who could all take the bench's students, and perhaps a champion."""

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg

from bench.figures import Invalid
from bench.place import Place
from bench.processes import output_of
from db.matching.promotions import add_model, move_alias
from db.roles import database_of
from learnflow.ranking.learned.vocabulary import GOALS, HOURS
from learnflow.ranking.model_files import ModelFiles

GRADE: Final = 7
SUBJECT: Final = "mathematics"
LANGUAGE: Final = "en"
HOUR: Final = "mon-16"
_DATABASE: Final = database_of("matching")
_CAPACITY: Final = 1_000_000
"""However many are decided, everybody stays a candidate."""
_COLUMNS: Final = (
    *("tutor_id", "version", "slots_version", "available", "subjects", "grade_min", "grade_max"),
    *("capacity", "times", "languages", "price_band", "experience_years", "goals"),
    *("rating_sum", "rating_n", "accepted_n", "declined_n", "matches_n", "joined_at"),
)


async def fill(place: Place, count: int) -> None:
    """Make matching_db hold these tutors and nothing else."""
    await place.empty("matching")
    connection = await asyncpg.connect(place.postgres.dsn(_DATABASE))
    try:
        rows = list(_tutors(count))
        await connection.copy_records_to_table("tutors", records=rows, columns=_COLUMNS)
        await connection.execute("ANALYZE tutors")
    finally:
        await connection.close()


async def champion(place: Place) -> Path:
    """The file of a model, in a folder of its own; made once, by a process that then is gone."""
    files = ModelFiles(folder := place.folder / "champion")
    if not files.newest():
        command = (sys.executable, "-m", "bench.ranking_model", str(folder))
        await output_of(*command, seconds=300)
    if len(found := files.newest()) != 1:
        raise Invalid(f"{len(found)} models were made instead of one")
    return found[0]


async def promote(place: Place, model: Path) -> None:
    """Let this model decide; processes that run already hear of it within a second."""
    connection = await asyncpg.connect(place.postgres.dsn(_DATABASE))
    try:
        await add_model(connection, model.stem, "{}", model.read_bytes(), "synthetic")
        await move_alias(connection, "champion", model.stem, "promoted")
    finally:
        await connection.close()


async def decided_by(place: Place, ranker: str) -> int:
    """How many matches a ranker has decided."""
    return await place.count(_DATABASE, f"matches WHERE ranker = '{ranker}'")


def _tutors(count: int) -> Iterator[tuple[Any, ...]]:
    """Unlike each other, and each a candidate."""
    chance, now = random.Random(1), datetime.now(UTC)
    hours = [hour for hour in HOURS if hour != HOUR]
    for number in range(count):
        rated, declined = chance.randrange(20), chance.randrange(10)
        accepted = rated + chance.randrange(10)
        yield (
            *(f"tutor-{number:04}", 1, 1, True, [SUBJECT], chance.randint(1, GRADE)),
            *(chance.randint(GRADE, 12), _CAPACITY, [HOUR, *chance.sample(hours, 12)]),
            *([LANGUAGE, *chance.sample(["de", "fr", "tr"], 1)], chance.randint(1, 5)),
            *(chance.randrange(30), chance.sample(GOALS, 2), rated * chance.randint(2, 5)),
            *(rated, accepted, declined, accepted + declined),
            now - timedelta(days=chance.randint(1, 900)),
        )
