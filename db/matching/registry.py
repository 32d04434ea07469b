"""Named queries of matching_db's models, as functions read them: which one serves, its bytes."""

from typing import Final, Literal

from db.unit_of_work import Unit

Alias = Literal["champion", "challenger"]

ALIASES: Final = "SELECT alias, model_id FROM model_aliases WHERE model_id IS NOT NULL"
PACKED: Final = "SELECT body FROM models WHERE id = $1"


async def aliases(work: Unit) -> dict[Alias, str | None]:
    """Ids of the `champion` and the `challenger`; None is the rules, or nobody."""
    found: dict[Alias, str | None] = {"champion": None, "challenger": None}
    for row in await work.read(ALIASES):
        found[row["alias"]] = row["model_id"]
    return found


async def packed(work: Unit, model_id: str) -> bytes | None:
    """A model as `Artifact.packed` made it, or None for an unknown id."""
    rows = await work.read(PACKED, model_id)
    return rows[0]["body"] if rows else None
