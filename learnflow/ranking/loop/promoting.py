"""Challenger and champion in matching_db: judged, moved, moved back; every move is written down.

For a connection of the role `matching_trainer`. An alias is moved only if it still names what the
gate compared with, so two who promote at once promote once.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import asyncpg

from db.matching import promotions as registry
from db.matching.promotions import AliasMoved
from db.matching.training_log import decisions
from learnflow.ranking.learned.artifact import Artifact, Refused
from learnflow.ranking.learned.loading import Loaded, load
from learnflow.ranking.loop.comparing import Scorer, compare, learned, rules
from learnflow.ranking.loop.dataset import Dataset, Logged, dataset, taken, window
from learnflow.ranking.loop.gate import Evidence, Reason, reasons
from learnflow.ranking.loop.training import Trained, window_of, with_metrics

LIVE: Final = "live"


class NoChallenger(Exception):
    """Nothing to promote."""


class NothingToRollBack(Exception):
    """The champion was never moved, or was moved back all the way."""


class MovedMeanwhile(Exception):
    """Somebody else moved the champion while this was under way; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate said of a model beside a champion (None: the rules), and on what grounds."""

    model: str
    champion: str | None
    reasons: Sequence[Reason]
    report: Mapping[str, Any]

    @property
    def unfit(self) -> bool:
        """Whether the model cannot serve in this release at all."""
        return any(reason.code == "unfit" for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Promoted:
    """What became of a promotion; `moved` is False where the model was refused."""

    verdict: Verdict
    moved: bool


async def read(connection: asyncpg.Connection, now: datetime) -> Dataset:
    """What can be learned from the log, read page by page."""
    return dataset([taken(one, now) async for one in decisions(connection, *window(now))])


async def champion_of(connection: asyncpg.Connection) -> tuple[str | None, Artifact | None]:
    """Which model is champion, and the model; None for both is the rules. Raises Refused."""
    name = (await registry.aliases(connection))["champion"]
    return name, await _artifact(connection, name) if name else None


async def challenge(
    connection: asyncpg.Connection,
    trained: Trained,
    data: Dataset,
    now: datetime,
    asked_by: Mapping[str, str] | None = None,
) -> Verdict:
    """Keep what was trained as the challenger, with what the gate says of it and who asked."""
    name, champion = await _serving(connection)
    found = _verdict(trained.artifact, name, champion, trained.judged, data, now)
    measured = found.report.get("measured", {})
    artifact = with_metrics(trained.artifact, measured)
    kind: registry.Kind = "live" if _kind(artifact) == LIVE else "synthetic"
    manifest = json.dumps(artifact.manifest, sort_keys=True)
    async with connection.transaction():
        await registry.add_model(connection, artifact.id, manifest, artifact.packed(), kind)
        if artifact.id != name:
            told = _told(replace(found, report={**found.report, "asked_by": asked_by}))
            await registry.move_alias(connection, "challenger", artifact.id, "trained", **told)
    return found


async def promote(connection: asyncpg.Connection, now: datetime, *, force: bool) -> Promoted:
    """Let the challenger be champion if the gate lets it, or by force; unfit is never promoted.

    Raises NoChallenger, MovedMeanwhile.
    """
    named = (await registry.aliases(connection))["challenger"]
    if named is None:
        raise NoChallenger
    found = await judge(connection, named, now)
    if found.unfit or (found.reasons and not force):
        await registry.add_promotion(
            connection, "champion", named, "refused", previous=found.champion, **_told(found)
        )
        return Promoted(found, moved=False)
    forced = bool(found.reasons)
    told = _told(replace(found, report={**found.report, "forced": forced}))
    try:
        async with connection.transaction():
            await registry.move_alias(
                connection, "champion", named, "promoted", expected=found.champion, **told
            )
            with suppress(AliasMoved):  # a newer challenger stays
                await registry.move_alias(
                    connection, "challenger", None, "promoted", expected=named
                )
    except AliasMoved as error:
        if (await registry.aliases(connection))["champion"] != named:
            raise MovedMeanwhile from error
    return Promoted(found, moved=True)


async def judge(connection: asyncpg.Connection, model_id: str, now: datetime) -> Verdict:
    """What the gate says of a model, on decisions that neither it nor the champion has seen."""
    name, champion = await _serving(connection)
    try:
        artifact = await _artifact(connection, model_id)
    except Refused as refused:
        return Verdict(model_id, name, (Reason("unfit", str(refused)),), {})
    data = await read(connection, now)
    ends = [ended for one in (artifact, champion) if (ended := _seen_until(one)) is not None]
    return _verdict(artifact, name, champion, data.after(max(ends, default=None)), data, now)


async def rollback(connection: asyncpg.Connection) -> tuple[str | None, str | None]:
    """Let the champion be what it was before the last promotion: from which model, to which.

    Raises NothingToRollBack, MovedMeanwhile.
    """
    now = (await registry.aliases(connection))["champion"]
    before: list[str | None] = []
    for past in reversed(await registry.promotions(connection, "champion", 10_000)):
        if past.verdict == "promoted":
            before.append(past.previous)
        elif past.verdict == "rolled_back" and before:
            before.pop()
    if not before:
        raise NothingToRollBack
    try:
        await registry.move_alias(connection, "champion", before[-1], "rolled_back", expected=now)
    except AliasMoved as error:
        raise MovedMeanwhile from error
    return now, before[-1]


def _verdict(
    artifact: Artifact, name: str | None, champion: Artifact | None, judged: Sequence[Logged],
    data: Dataset, now: datetime,
) -> Verdict:  # fmt: skip
    model, unfit = _loaded(artifact)
    compared = compare(model, _scorer(champion), judged, now) if model else None
    evidence = Evidence(_kind(artifact), data.accepted, data.newest, compared, unfit)
    against = reasons(evidence, now)
    report = {
        "accepted": data.accepted,
        "newest": data.newest.isoformat() if data.newest else None,
        "left_out": dict(data.left_out),
        "comparison": compared.plain() if compared else {},
        "measured": compared.measured() if compared else {},
    }
    return Verdict(artifact.id, name, against, report)


def _told(found: Verdict) -> dict[str, Any]:
    report = {"champion": found.champion or "rules", **found.report}
    return {"reasons": [str(one) for one in found.reasons], "report": json.dumps(report)}


def _loaded(artifact: Artifact) -> tuple[Loaded | None, str | None]:
    try:
        return load(artifact), None
    except Refused as refused:
        return None, str(refused)


def _scorer(champion: Artifact | None) -> Scorer:
    """The champion as it serves: by the rules where its model does not fit this release."""
    model = _loaded(champion)[0] if champion else None
    return learned(model) if model else rules


async def _serving(connection: asyncpg.Connection) -> tuple[str | None, Artifact | None]:
    """As `champion_of`; without the model where what is kept of it cannot be read."""
    try:
        return await champion_of(connection)
    except Refused:
        return (await registry.aliases(connection))["champion"], None


async def _artifact(connection: asyncpg.Connection, model_id: str) -> Artifact:
    body = await registry.packed(connection, model_id)
    if body is None:
        raise Refused(f"there is no model {model_id}")
    return Artifact.unpacked(body)


def _kind(artifact: Artifact) -> str:
    return str(artifact.manifest["origin"]["kind"])


def _seen_until(artifact: Artifact | None) -> datetime | None:
    """When the last of our own decisions was made that a model has seen."""
    if artifact is None or _kind(artifact) != LIVE:
        return None
    seen = window_of(artifact.manifest)
    return seen[1] if seen else None
