"""`learnflow ranker train`: a challenger from the log; the CronJob and the JobSink run it too."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from learnflow.cli.options import Json
from learnflow.cli.ranker_place import MatchingUrl

if TYPE_CHECKING:
    from datetime import datetime

    from learnflow.cli.stages import Stages
    from learnflow.ranking.loop.dataset import Dataset
    from learnflow.ranking.loop.promoting import Verdict
    from learnflow.ranking.loop.training import Trained

MORE: Final = (
    "match more students and come back when tutors have answered and two weeks have passed,"
    " or see it at work on a simulated market: learnflow ranker train --simulated"
)


def train_ranker(
    simulated: Annotated[
        bool,
        typer.Option(
            "--simulated",
            envvar="LEARNFLOW_SIMULATED",
            help="Learn from a simulated market: to see it work. The gate refuses such a model.",
        ),
    ] = False,
    seed: Annotated[
        int,
        typer.Option("--seed", envvar="LEARNFLOW_SEED", min=0, help="Of training and the market."),
    ] = 1,
    when_enough: Annotated[
        bool,
        typer.Option(
            "--when-enough",
            envvar="LEARNFLOW_WHEN_ENOUGH",
            help="Too few matches to learn from are no failure: for a schedule.",
        ),
    ] = False,
    event: Annotated[
        Path | None,
        typer.Option(
            "--event",
            envvar="LEARNFLOW_EVENT_FILE",
            help="A file with the CloudEvent that asked for it; noted with the model.",
        ),
    ] = None,
    matching_url: MatchingUrl = None,
    json: Json = False,
) -> None:
    """Train a challenger on what became of past matches, and say what the gate thinks of it."""
    import time

    from learnflow.cli.output import print_json
    from learnflow.cli.ranker_place import in_matching
    from learnflow.cli.stages import Stages
    from learnflow.ranking.loop.promoting import challenge
    from learnflow.ranking.loop.training import TooFew

    began, asked_by = time.monotonic(), _asked_by(event)
    with Stages(stderr=json) as stages:
        data, now, parent = _rows(matching_url, stages, seed if simulated else None)
        try:
            trained = _trained(data, now, seed, parent, stages, simulated=simulated)
        except TooFew as few:
            _too_few(data, few, quiet=when_enough, json=json)
            return
        found = in_matching(
            matching_url, lambda connection: challenge(connection, trained, data, now, asked_by)
        )
    seconds = round(time.monotonic() - began, 1)
    if json:
        print_json(_plain(found, trained, data, seconds))
    else:
        _show(found, data, seconds)


def _rows(
    url: str | None, stages: "Stages", market: int | None
) -> "tuple[Dataset, datetime, str | None]":
    """What to learn from, as of when, and the champion; the database is asked first of all."""
    from datetime import UTC, datetime

    from db.matching import promotions as registry
    from learnflow.cli.ranker_place import in_matching
    from learnflow.cli.ranker_simulated import simulated_log
    from learnflow.ranking.loop.promoting import read

    now = datetime.now(UTC)
    named = in_matching(url, registry.aliases)
    if market is not None:
        stages.now("a market is simulated: 12 weeks of students, tutors and bookings")
        data, now = simulated_log(market)
    else:
        stages.now("the log is read")
        data = in_matching(url, lambda connection: read(connection, now))
    told = f"{len(data.log)} decisions, {data.accepted} accepted matches"
    stages.line("done", "log", told)
    for why, count in data.left_out.items():
        stages.line("warn", "left out", _left_out(why, count))
    return data, now, named["champion"]


def _trained(
    data: "Dataset", now: "datetime", seed: int, parent: str | None, stages: "Stages", *,
    simulated: bool,
) -> "Trained":  # fmt: skip
    from learnflow.cli.problem import Problem
    from learnflow.ranking.learned.training import BadRows
    from learnflow.ranking.loop.training import TooFew, train

    kind = "synthetic" if simulated else "live"
    try:
        trained = train(data, now, seed=seed, kind=kind, parent=parent, told=stages.now)
    except TooFew:
        raise
    except BadRows as bad:
        raise Problem(f"Nothing can be learned from this log: {bad}.", MORE) from bad
    stages.line("done", "model", trained.artifact.id)
    return trained


def _too_few(data: "Dataset", few: Exception, *, quiet: bool, json: bool) -> None:
    """Raises Problem unless it is to be no failure."""
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem

    left_out = "".join(f"; {_left_out(why, n)}" for why, n in data.left_out.items())
    if not quiet:
        raise Problem(f"There is too little to learn from: {few}{left_out}.", MORE)
    if json:
        print_json({"model": None, "accepted": data.accepted, "why": str(few)})
    else:
        print(f"Nothing was trained: {few}{left_out}.")


def _left_out(why: str, count: int) -> str:
    from learnflow.ranking.loop.dataset import WHY

    return f"{count} decisions {WHY[why]}"


def _asked_by(file: Path | None) -> dict[str, str] | None:
    """Id and source of the event that asked for a training. Raises Problem."""
    from json import loads

    from learnflow.cli.problem import Problem

    if file is None:
        return None
    try:
        event = loads(file.read_bytes())
        return {name: str(event[name]) for name in ("source", "id", "type")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = "a CloudEvent as structured JSON, as a JobSink writes it"
        raise Problem(f"The event cannot be read: {error}.", fix, str(file)) from error


def _plain(found: "Verdict", trained: "Trained", data: "Dataset", seconds: float) -> dict[str, Any]:
    return {
        "model": found.model,
        "kind": trained.artifact.manifest["origin"]["kind"],
        "champion": found.champion,
        "decisions": len(data.log),
        "accepted": data.accepted,
        "left_out": dict(data.left_out),
        "comparison": found.report["comparison"],
        "reasons": [str(reason) for reason in found.reasons],
        "seconds": seconds,
    }


def _show(found: "Verdict", data: "Dataset", seconds: float) -> None:
    from learnflow.cli.ranker_promote import comparison_line

    print(f"{found.model} was trained on {len(data.log)} decisions in {seconds} s.")
    if found.model == found.champion:
        print("It is the champion already: the same rows give the same model.")
        return
    print("It is the challenger now. " + comparison_line(found))
    if not found.reasons:
        print("The gate would let it pass: learnflow ranker promote")
        return
    print("The gate would refuse it:")
    for reason in found.reasons:
        print(f"  {reason}")
    print("To see it rank all the same: learnflow ranker promote --force")
