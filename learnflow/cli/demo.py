"""`learnflow demo`: a tutoring centre's registrations through the whole system."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from learnflow.cli.options import Json, NoReload, Port

if TYPE_CHECKING:
    from learnflow.cli.stages import Stages
    from learnflow.demo.examples import Examples
    from learnflow.demo.result import Result
    from learnflow.local.runner import Runner

Stay = Annotated[
    bool | None,
    typer.Option(
        "--stay/--exit",
        envvar="LEARNFLOW_STAY",
        help="Go on running after the story; without --json that is so anyway.",
    ),
]


def demo(
    port: Port = 8080,
    json: Json = False,
    stay: Stay = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", envvar="LEARNFLOW_KEEP", help="Add to what earlier demos left."),
    ] = False,
    no_reload: NoReload = False,
    web: Annotated[
        bool | None,
        typer.Option(
            "--web/--no-web",
            envvar="LEARNFLOW_WEB",
            help="Build the web app first if need be; with --stay that is so anyway.",
        ),
    ] = None,
) -> None:
    """Start everything, register the examples over HTTP, and show who is matched with whom."""
    from learnflow.cli.lifecycle import run
    from learnflow.cli.problem import Problem, explained

    began = _process_start()
    with explained():
        stays = not json if stay is None else stay
        builds = stays if web is None else web
        result = run(_demo(port, json, stays, keep, stays and not no_reload, builds, began))
    if result is None:
        raise typer.Exit(130)
    if not result.fine:
        raise Problem("Not everything went as promised.", "learnflow dead-letters list; logs")


async def _demo(
    port: int, json: bool, stay: bool, keep: bool, reload: bool, builds: bool, began: float
) -> "Result | None":
    from learnflow.cli.lifecycle import make_runner, only_demo, run_with
    from learnflow.cli.output import print_json
    from learnflow.cli.place import here
    from learnflow.cli.show_result import show_result
    from learnflow.cli.stages import Stages
    from learnflow.cli.web import built_if_possible
    from learnflow.demo.examples import load

    examples = load()
    results: list[Result] = []
    with Stages(stderr=json) as stages:
        if builds:
            await built_if_possible(stages)
        mark = only_demo(here().state)
        emptied = mark.exists() and not keep
        runner = make_runner(port, stages, emptied=emptied, reload=reload)
        only_demos = mark.exists() or not runner.postgres.data.exists()

        async def show() -> bool:
            if only_demos:
                mark.touch()
            results.append(await _tell(runner, examples, stages, began))
            stages.clear()
            if stay and json:
                print_json(results[0].document())
            elif not json:
                show_result(results[0], runner.url, stay)
            return stay

        await run_with(runner, stages, show)
        stages.line("done", "stopped", "nothing is left running; the data is kept")
    if json and results and not stay:
        print_json(results[0].document())  # the last line, also where both streams are one
    return results[0] if results else None


async def _tell(runner: "Runner", examples: "Examples", stages: "Stages", began: float) -> "Result":
    from learnflow.demo.story import Running, Story

    running = Running(runner.url, runner.dsn, runner.pool.document)
    return await Story(running, examples, stages, began).tell()


def _process_start() -> float:
    """When this process began, as `time.monotonic` counts."""
    import psutil

    return time.monotonic() - (time.time() - psutil.Process().create_time())
