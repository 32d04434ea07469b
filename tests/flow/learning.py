"""A world with many tutors, models in its matching_db, and aliases that a test moves."""

from typing import Any

import asyncpg
import numpy as np
from pydantic_core import from_json

from db.matching.promotions import ANY, add_model, move_alias
from eventing.events import StudentRegistered
from learnflow.ranking.learned.artifact import Artifact
from learnflow.ranking.learned.catalogue import FEATURES, schema_hash
from learnflow.ranking.learned.columns import Floats
from learnflow.ranking.learned.loading import Loaded
from learnflow.ranking.learned.scoring import score
from tests.flow.world import Said, World

HOURS = ("mon-16", "tue-16", "wed-16")


class Learning:
    """What a trainer does, and what matches look like afterwards."""

    def __init__(self, world: World, trainer: asyncpg.Connection) -> None:
        self.world, self._trainer = world, trainer

    @classmethod
    async def of(cls, world: World) -> "Learning":
        """Over a world's databases."""
        return cls(world, await asyncpg.connect(world.databases.superuser("matching")))

    async def close(self) -> None:
        """Close the trainer's connection."""
        await self._trainer.close()

    async def tutors(self, count: int, capacity: int = 50) -> list[str]:
        """Tutors of one subject, all a little different."""
        made = [
            await self.world.do(
                "register_tutor", name=f"T{n}", subjects=["physics"], capacity=capacity,
                times=HOURS[: 1 + n % 3], languages=["en", "de"][: 1 + n % 2],
                grade_min=1 + n % 5, grade_max=12 - n % 3, experience_years=n, price_band=1 + n % 4,
            )
            for n in range(count)
        ]  # fmt: skip
        await self.world.settle()
        return [one.id for one in made]

    async def keep(self, artifact: Artifact, body: bytes | None = None) -> None:
        """Put a model into the database; `body` is what comes instead of its own."""
        packed = artifact.packed() if body is None else body
        await add_model(self._trainer, artifact.id, "{}", packed, "synthetic")

    async def name(self, model_id: str | None, alias: Any = "champion") -> None:
        """Move an alias."""
        await move_alias(self._trainer, alias, model_id, "promoted", expected=ANY)

    async def match(self, number: int) -> str:
        """A student is heard of; what became of the delivery."""
        event = StudentRegistered(
            student_id=f"s{number}", version=1, grade=7, subject="physics", times=HOURS,
            languages=("en",), budget_band=4, goals=("exam",),
        )  # fmt: skip
        return await self.world.hear(
            "match_student", Said("learnflow/students", f"e{number}", event)
        )

    async def decided(self) -> list[dict[str, Any]]:
        """The history, oldest first, with `shown` read."""
        rows = await self.world.rows("matching", "matches")
        rows.sort(key=lambda row: row["decided_at"])
        return [{**row, "shown": from_json(row["shown"])} for row in rows]

    async def ranker(self, number: int) -> str:
        """Which ranker decides about a student who comes now."""
        assert await self.match(number) == "done"
        (row,) = [r for r in await self.decided() if r["student_id"] == f"s{number}"]
        return str(row["ranker"])


def features(row: dict[str, Any]) -> Floats:
    """What a stored decision kept of its candidates, a row each."""
    assert row["features_schema"] == schema_hash()
    x = np.frombuffer(row["features"], dtype="<f4").reshape(-1, len(FEATURES))
    assert len(x) == len(row["shown"]["tutors"])
    return x.astype(np.float32)


def scored_again(row: dict[str, Any], model: Loaded) -> list[float]:
    """The scores of a stored decision's candidates, from their stored features alone."""
    found: list[float] = score(model, features(row)).scores.tolist()
    return found
