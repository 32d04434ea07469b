"""`learnflow ranker replay`: a past decision scored again, as it was."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnflow.cli.options import Json
from learnflow.cli.ranker_place import MatchingUrl

if TYPE_CHECKING:
    import asyncpg

    from learnflow.ranking.loop.replaying import Replayed


def replay_match(
    match_id: Annotated[str, typer.Argument(help="The match, as explain_match names it.")],
    matching_url: MatchingUrl = None,
    json: Json = False,
) -> None:
    """Score a stored decision again, from what was logged with it, and compare."""
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem
    from learnflow.cli.ranker_place import in_matching
    from learnflow.ranking.loop.replaying import Unreplayable

    async def work(connection: "asyncpg.Connection") -> "Replayed | None":
        return await _again(connection, match_id)

    try:
        found = in_matching(matching_url, work)
    except Unreplayable as why:
        fix = "a match decided by this release's features and a model that is kept can be replayed"
        raise Problem(f"{match_id} cannot be scored again: {why}.", fix) from None
    if found is None:
        fix = "its id stands in what the student was told: match_id"
        raise Problem(f"There is no match {match_id}.", fix)
    if json:
        print_json(_plain(found))
    else:
        _show(found)
    if not (found.same_scores and found.same_order):
        fix = "somebody changed the log, the model or the rules: learnflow ranker show tells whose"
        raise Problem(f"{match_id} comes out otherwise than it was stored.", fix)


async def _again(connection: "asyncpg.Connection", match_id: str) -> "Replayed | None":
    from db.matching import promotions as registry
    from db.matching.training_log import decision
    from learnflow.ranking.loop.replaying import needs, replay

    logged = await decision(connection, match_id)
    if logged is None:
        return None
    wanted = needs(logged)
    return replay(logged, await registry.packed(connection, wanted) if wanted else None)


def _plain(found: "Replayed") -> dict[str, Any]:
    return {
        "match_id": found.match_id,
        "tutor_id": found.tutor_id,
        "ranker": found.ranker,
        "decided_at": found.decided_at.isoformat(),
        "explored": found.explored,
        "same_scores": found.same_scores,
        "same_order": found.same_order,
        "difference": found.difference,
        "candidates": [
            {"tutor_id": tutor, "stored": stored, "again": again}
            for tutor, stored, again in found.candidates
        ],
    }


def _show(found: "Replayed") -> None:
    from learnflow.cli.output import print_table

    rows = [
        (place, tutor, "booked" if tutor == found.tutor_id else "", f"{a:.4f}", f"{b:.4f}")
        for place, (tutor, a, b) in enumerate(found.candidates, start=1)
    ]
    title = f"{found.match_id}, decided by {found.ranker} at {found.decided_at:%Y-%m-%d %H:%M}"
    print_table((">place", "tutor", "", ">stored", ">again"), rows, title)
    if found.explored:
        print("Chance changed the order shown, as it does now and then; scores are as before it.")
    scores, order = ("the same" if same else "DIFFERENT" for same in _same(found))
    print(f"scores: {scores} (by {found.difference:.1g} at most), order: {order}")


def _same(found: "Replayed") -> tuple[bool, bool]:
    return found.same_scores, found.same_order
