"""The databases of a state folder that an older release left behind."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from db.migrate import behind, downgrade
from db.roles import SHORT_NAMES, database_of, role_of
from learnflow.local.databases import prepare_databases
from learnflow.local.postgres import EmbeddedPostgres

TUTOR = """INSERT INTO tutors (tutor_id, version, slots_version, subjects, grade_min, grade_max,
    capacity, available) VALUES ('t', 1, 1, '{physics}', 1, 12, 3, true)"""


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="lf-", dir="/tmp"))
    made.chmod(0o711)  # as root, Postgres runs under another uid
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def test_the_next_up_migrates_what_is_behind_and_makes_the_roles_it_lacks(
    folder: Path,
) -> None:
    postgres = EmbeddedPostgres(folder / "state", folder / "sockets")

    def dsn(short: str, duty: str) -> str:
        return postgres.dsn(database_of(short), role_of(short, duty))

    owners = {short: dsn(short, "owner") for short in SHORT_NAMES}
    await postgres.start()
    try:
        await prepare_databases(postgres, dsn, emptied=False)
        await asyncio.to_thread(downgrade, "matching", owners["matching"], "0002")
        superuser = await asyncpg.connect(postgres.dsn("matching_db"))
        await superuser.execute(TUTOR)
        await superuser.execute("DROP OWNED BY matching_trainer; DROP ROLE matching_trainer")
        await superuser.close()
        assert await behind(owners) == ["matching"]

        await prepare_databases(postgres, dsn, emptied=False)

        assert await behind(owners) == []
        trainer = await asyncpg.connect(dsn("matching", "trainer"))
        assert await trainer.fetchval("SELECT matches_n FROM tutors WHERE tutor_id = 't'") == 0
        await trainer.close()
    finally:
        await postgres.stop()
