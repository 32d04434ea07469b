"""`learnflow ranker promote` and `rollback`: which model is champion, and back again."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnflow.cli.options import Json
from learnflow.cli.ranker_place import MatchingUrl

if TYPE_CHECKING:
    from learnflow.ranking.loop.promoting import Promoted, Verdict


def promote_model(
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            envvar="LEARNFLOW_FORCE",
            help="Promote what the gate refuses; its reasons are kept with the promotion.",
        ),
    ] = False,
    matching_url: MatchingUrl = None,
    json: Json = False,
) -> None:
    """Let the challenger rank, if the gate lets it: it is compared with the champion first."""
    from datetime import UTC, datetime

    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem
    from learnflow.cli.ranker_place import in_matching
    from learnflow.ranking.loop.promoting import MovedMeanwhile, NoChallenger, promote

    now = datetime.now(UTC)
    try:
        done = in_matching(matching_url, lambda one: promote(one, now, force=force))
    except NoChallenger:
        fix = "train one: learnflow ranker train; learnflow ranker list shows who is champion"
        raise Problem("There is no challenger to promote.", fix) from None
    except MovedMeanwhile:
        raise _moved() from None
    if json:
        print_json(_plain(done))
    else:
        _show(done)
    if not done.moved:
        unfit = "train a new one: learnflow ranker train"
        better = "wait for more matches and train again; or promote it all the same: --force"
        raise Problem(
            f"{done.verdict.model} was not promoted, for the reasons above.",
            unfit if done.verdict.unfit else better,
        )


def roll_back(matching_url: MatchingUrl = None, json: Json = False) -> None:
    """Let the champion be what it was before the last promotion."""
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem
    from learnflow.cli.ranker_place import in_matching
    from learnflow.ranking.loop.promoting import MovedMeanwhile, NothingToRollBack, rollback

    try:
        before, after = in_matching(matching_url, rollback)
    except NothingToRollBack:
        fix = "learnflow ranker list shows what happened to the champion"
        raise Problem("There is no promotion to take back.", fix) from None
    except MovedMeanwhile:
        raise _moved() from None
    if json:
        print_json({"champion": after, "previous": before})
    else:
        print(f"champion: {after or 'rules'}, before: {before or 'rules'}")


def comparison_line(found: "Verdict") -> str:
    """How the challenger did beside the champion, in a sentence."""
    told = found.report.get("comparison", {})
    champion = found.champion or "rules"
    if "gain_mean" not in told:
        return f"There is nothing yet to compare it with the champion ({champion}) by."
    return (
        f"On {told['decisions']} decisions it has not seen, NDCG@5 {told['ndcg5_mean']:.3f},"
        f" the champion's ({champion}) {told['champion_ndcg5_mean']:.3f}:"
        f" {told['gain_mean']:+.3f} [{told['gain_low']:+.3f}, {told['gain_high']:+.3f}]."
    )


def _moved() -> Exception:
    from learnflow.cli.problem import Problem

    fix = "learnflow ranker list shows how it stands; then run it again"
    return Problem("Somebody else moved the champion meanwhile; nothing was changed.", fix)


def _plain(done: "Promoted") -> dict[str, Any]:
    return {
        "promoted": done.moved,
        "model": done.verdict.model,
        "previous": done.verdict.champion,
        "forced": done.moved and bool(done.verdict.reasons),
        "reasons": [str(reason) for reason in done.verdict.reasons],
        "comparison": done.verdict.report.get("comparison", {}),
    }


def _show(done: "Promoted") -> None:
    print(comparison_line(done.verdict))
    if done.verdict.reasons:
        print("The gate refuses it:")
    for reason in done.verdict.reasons:
        print(f"  {reason}")
    if done.moved:
        forced = ", by force" if done.verdict.reasons else ""
        print(f"champion: {done.verdict.model}{forced}; before: {done.verdict.champion or 'rules'}")
        print("match_student ranks by it within a second. Back again: learnflow ranker rollback")
