"""Models are kept once and never changed; an alias is moved by one at a time, and why is kept."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.matching import registry
from db.matching.promotions import (
    LOCK_ALIAS,
    AliasMoved,
    add_model,
    add_promotion,
    aliases,
    find_model,
    list_models,
    move_alias,
    packed,
    promotions,
)
from db.unit_of_work import Database
from tests.db.sessions import Session, two
from tests.postgres import Databases

NOBODY = {"champion": None, "challenger": None}


@pytest.fixture
async def trainer(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the trainer's, and two models."""
    connection = await asyncpg.connect(databases.dsn("matching", "trainer"))
    for number in "12":
        await add_model(connection, f"m{number}", f'{{"n": {number}}}', b"\x00" + b"1", "live")
    yield connection
    await connection.close()


async def test_a_model_is_kept_once_and_as_it_was_first(trainer: asyncpg.Connection) -> None:
    assert await add_model(trainer, "m3", "{}", b"body", "synthetic")
    assert not await add_model(trainer, "m3", '{"other": 1}', b"other", "live")
    found = await find_model(trainer, "m3")
    assert found is not None
    assert (found.manifest, found.kind, found.size) == ("{}", "synthetic", 4)
    assert await packed(trainer, "m3") == b"body"
    assert [one.id for one in await list_models(trainer)] == ["m3", "m2", "m1"]
    assert (await find_model(trainer, "m9"), await packed(trainer, "m9")) == (None, None)


async def test_functions_see_what_the_trainer_named(
    trainer: asyncpg.Connection, databases: Databases
) -> None:
    database = Database("matching", databases.dsn("matching"))
    async with database.unit() as work:
        assert await registry.aliases(work) == NOBODY
        await move_alias(trainer, "champion", "m1", "promoted")
        await move_alias(trainer, "challenger", "m2", "trained")
        named = {"champion": "m1", "challenger": "m2"}
        assert await registry.aliases(work) == await aliases(trainer) == named
        assert await registry.packed(work, "m1") == b"\x001"
        assert await registry.packed(work, "m9") is None
        await move_alias(trainer, "champion", None, "rolled_back")
        assert (await registry.aliases(work))["champion"] is None
    await database.close()


async def test_every_move_and_every_refusal_is_kept_with_its_reasons(
    trainer: asyncpg.Connection,
) -> None:
    await move_alias(trainer, "champion", "m1", "promoted", reasons=["better"], report="{}")
    refusal = await add_promotion(
        trainer, "champion", "m2", "refused", reasons=["too few", "stale"], previous="m1"
    )
    assert await move_alias(trainer, "champion", None, "rolled_back", expected="m1") == "m1"
    told = await promotions(trainer, "champion")
    assert [(one.verdict, one.model_id, one.previous) for one in told] == [
        ("rolled_back", None, "m1"), ("refused", "m2", "m1"), ("promoted", "m1", None)
    ]  # fmt: skip
    assert (told[1].id, list(told[1].reasons)) == (refusal, ["too few", "stale"])
    assert (told[2].report, list(told[2].reasons)) == ("{}", ["better"])
    assert await promotions(trainer, "challenger") == []
    assert len(await promotions(trainer, limit=2)) == 2


async def test_an_alias_that_somebody_else_moved_stays_where_it_is(
    trainer: asyncpg.Connection,
) -> None:
    await move_alias(trainer, "champion", "m1", "promoted", expected=None)
    with pytest.raises(AliasMoved, match="champion names m1, not no model"):
        await move_alias(trainer, "champion", "m2", "promoted", expected=None)
    assert (await aliases(trainer))["champion"] == "m1"
    assert len(await promotions(trainer)) == 1


async def test_a_second_mover_waits_for_the_first(
    databases: Databases, trainer: asyncpg.Connection
) -> None:
    async with two(databases.dsn("matching", "trainer")) as (one, other):
        await one.begin()
        assert await one.rows(LOCK_ALIAS, "champion") == [(None,)]
        late = other.start(LOCK_ALIAS, "champion")
        assert await one.sees_waiting(other, late)
        await one.rows("UPDATE model_aliases SET model_id = 'm1' WHERE alias = 'champion'")
        await one.commit()
        assert await late == [("m1",)]
        assert isinstance(one, Session)
    assert (await aliases(trainer))["champion"] == "m1"


async def test_an_alias_names_no_model_that_is_not_kept(trainer: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await move_alias(trainer, "champion", "m9", "promoted")
    assert (await aliases(trainer), await promotions(trainer)) == (NOBODY, [])
