"""`learnflow evaluate`: rankers side by side in a market whose truth is known."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from learnflow.cli.options import Json

if TYPE_CHECKING:
    from learnflow.evaluation.judging import Verdict
    from learnflow.evaluation.summary import Summary
    from learnflow.ranking.intervals import Interval

_SHOWN: Final = ("ndcg1", "ndcg5", "ndcg10", "mrr", "hit5", "capture")
_MARKET: Final = ("regret", "regret_in_turn", "declines", "unmatched", "gini")


def evaluate(
    seeds: Annotated[
        int,
        typer.Option("--seeds", envvar="LEARNFLOW_SEEDS", min=1, max=100, help="Markets drawn."),
    ] = 5,
    world: Annotated[
        str,
        typer.Option(
            "--world",
            envvar="LEARNFLOW_WORLD",
            help="default; strong, unbiased: how much places matter; established: more is known of "
            "tutors; booked: learned from bookings, as by the product; noise, linear, infinite: "
            "where learning must not win.",
        ),
    ] = "default",
    svg: Annotated[
        Path | None,
        typer.Option("--svg", envvar="LEARNFLOW_SVG", help="Write the picture to this file."),
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option(
            "--sample",
            envvar="LEARNFLOW_SAMPLE",
            help="A copy of LightGBM's folder examples/lambdarank: compare on it too.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", envvar="LEARNFLOW_JOBS", min=1, help="Seeds at the same time."),
    ] = None,
    json: Json = False,
) -> None:
    """Compare rankers in a simulated market: it proves the method, not the effect on pupils."""
    from learnflow.cli.output import console, print_json
    from learnflow.cli.problem import Problem
    from learnflow.evaluation.picture import picture
    from learnflow.evaluation.public_data import BadData, compare
    from learnflow.evaluation.running import evaluate as run
    from learnflow.evaluation.world import WORLDS

    if world not in WORLDS:
        raise Problem(f"There is no world {world!r}.", f"one of {', '.join(WORLDS)}")
    try:
        public = compare(sample) if sample else None
    except BadData as error:
        raise Problem(str(error), "the folder examples/lambdarank of LightGBM") from None
    progress = console(stderr=True)

    def told(verdict: "Verdict") -> None:
        progress.print(f"seed {verdict.seed} of {seeds} judged")

    summary = run(world, range(1, seeds + 1), jobs, told)
    _show(summary, public)
    if svg:
        svg.write_text(picture(summary), encoding="utf-8")
    if json:
        plain = summary.plain()
        if public:
            plain["sample_ndcg5"] = {name: found.plain() for name, found in public.items()}
        print_json(plain)


def _show(summary: "Summary", public: "dict[str, Interval] | None") -> None:
    from learnflow.cli.output import console, print_table

    for title, measures in (("Ranking", _SHOWN), ("Market", _MARKET)):
        print_table(
            ["contestant", *(f">{measure}" for measure in measures)],
            [
                [name, *(_cell(of[measure]) for measure in measures)]
                for name, of in summary.contestants.items()
            ],
            f"{title}: world {summary.world}, {len(summary.seeds)} seeds, 95 % intervals",
        )
    found = {**summary.differences, "ece": summary.ece, "ece_all_pairs": summary.ece_all}
    print_table(["paired", ">"], [[name, _cell(one)] for name, one in found.items()])
    if public:
        rows = [[name, _cell(one)] for name, one in public.items()]
        print_table(["LightGBM's sample", ">ndcg5"], rows)
    for gate, reached in summary.gates.items():
        console().print(f"{'reached' if reached else 'MISSED '}  {gate}")


def _cell(one: "Interval") -> str:
    low, high = (f"{end:.3f}".replace("0.", ".", 1) for end in (one.low, one.high))
    return f"{one.mean:.3f} [{low}, {high}]"
