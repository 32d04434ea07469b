"""Models as a trainer keeps them: added once, named by an alias, and what happened to the alias.

For a plain asyncpg connection of the role `matching_trainer`; every function is one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import asyncpg

from db.matching.registry import ALIASES, PACKED, Alias

Kind = Literal["live", "synthetic"]
Verdict = Literal["promoted", "refused", "rolled_back", "trained"]
ANY: Final = "any"
"""For `expected`: whatever the alias names now."""

ADD_MODEL: Final = """
INSERT INTO models (id, manifest, body, kind) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
RETURNING id
"""
LIST_MODELS: Final = """
SELECT id, manifest, kind, created_at, octet_length(body) AS size FROM models
 WHERE $1::text IS NULL OR id = $1 ORDER BY created_at DESC, id
"""
LOCK_ALIAS: Final = """
INSERT INTO model_aliases (alias) VALUES ($1)
ON CONFLICT (alias) DO UPDATE SET alias = excluded.alias RETURNING model_id
"""
MOVE_ALIAS: Final = """
UPDATE model_aliases SET model_id = $2, changed_at = now() WHERE alias = $1
"""
ADD_PROMOTION: Final = """
INSERT INTO promotions (alias, model_id, previous, verdict, reasons, report)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
PROMOTIONS: Final = """
SELECT id, at, alias, model_id, previous, verdict, reasons, report FROM promotions
 WHERE $1::text IS NULL OR alias = $1 ORDER BY id DESC LIMIT $2
"""


class AliasMoved(Exception):
    """The alias names another model than expected: somebody else moved it meanwhile."""


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model without its bytes; `manifest` is JSON, `size` counts bytes."""

    id: str
    manifest: str
    kind: Kind
    created_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """What happened to an alias: None for a model is the rules (or nobody); `report` is JSON."""

    id: int
    at: datetime
    alias: Alias
    model_id: str | None
    previous: str | None
    verdict: Verdict
    reasons: Sequence[str]
    report: str | None


async def add_model(
    connection: asyncpg.Connection, model_id: str, manifest: str, body: bytes, kind: Kind
) -> bool:
    """Keep a model; False when it was kept before, which changes nothing."""
    return bool(await connection.fetch(ADD_MODEL, model_id, manifest, body, kind))


async def list_models(connection: asyncpg.Connection) -> list[KeptModel]:
    """All models, the newest first."""
    return [KeptModel(**row) for row in await connection.fetch(LIST_MODELS, None)]


async def find_model(connection: asyncpg.Connection, model_id: str) -> KeptModel | None:
    """One model, or None."""
    row = await connection.fetchrow(LIST_MODELS, model_id)
    return KeptModel(**row) if row else None


async def packed(connection: asyncpg.Connection, model_id: str) -> bytes | None:
    """A model as `Artifact.packed` made it, or None."""
    body: bytes | None = await connection.fetchval(PACKED, model_id)
    return body


async def aliases(connection: asyncpg.Connection) -> dict[Alias, str | None]:
    """Ids of the `champion` and the `challenger`; None is the rules, or nobody."""
    rows = await connection.fetch(ALIASES)
    return {"champion": None, "challenger": None} | {r["alias"]: r["model_id"] for r in rows}


async def move_alias(
    connection: asyncpg.Connection,
    alias: Alias,
    model_id: str | None,
    verdict: Verdict,
    *,
    reasons: Sequence[str] = (),
    report: str | None = None,
    expected: str | None = ANY,
) -> str | None:
    """Let an alias name another model (None: the rules) and write down why; what it named before.

    Raises AliasMoved when it does not name `expected`; asyncpg.ForeignKeyViolationError for a model
    that is not kept.
    """
    async with connection.transaction():
        previous: str | None = await connection.fetchval(LOCK_ALIAS, alias)
        if expected not in (ANY, previous):
            names, wanted = (one or "no model" for one in (previous, expected))
            raise AliasMoved(f"{alias} names {names}, not {wanted}: somebody else moved it")
        await connection.execute(MOVE_ALIAS, alias, model_id)
        told = (alias, model_id, previous, verdict, list(reasons), report)
        await connection.execute(ADD_PROMOTION, *told)
    return previous


async def add_promotion(
    connection: asyncpg.Connection,
    alias: Alias,
    model_id: str | None,
    verdict: Verdict,
    *,
    reasons: Sequence[str] = (),
    report: str | None = None,
    previous: str | None = None,
) -> int:
    """Write down what happened while the alias stays as it is: a refusal. Its number."""
    told = (alias, model_id, previous, verdict, list(reasons), report)
    number: int = await connection.fetchval(ADD_PROMOTION, *told)
    return number


async def promotions(
    connection: asyncpg.Connection, alias: Alias | None = None, limit: int = 100
) -> list[Promotion]:
    """What happened to an alias (to both when None), the newest first."""
    return [Promotion(**row) for row in await connection.fetch(PROMOTIONS, alias, limit)]
