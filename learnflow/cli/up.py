"""`learnflow up`: everything on this machine, until Ctrl-C."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from learnflow.cli.options import Json, NoReload, Port


def up(
    port: Port = 8080,
    json: Json = False,
    no_reload: NoReload = False,
    attach: Annotated[
        list[str] | None,
        typer.Option(
            "--attach",
            envvar="LEARNFLOW_ATTACH",
            metavar="FUNCTION",
            help="Leave this function to a debugger; may be repeated.",
        ),
    ] = None,
) -> None:
    """Run LearnFlow here: Postgres, events and every function, from zero and back to zero."""
    from learnflow.cli.lifecycle import run
    from learnflow.cli.problem import explained

    names = [name.replace("_", "-") for name in attach or ()]
    with explained():
        run(_up(port, json, not no_reload, names))


async def _up(port: int, json: bool, reload: bool, attach: list[str]) -> None:
    from learnflow.cli.lifecycle import make_runner, only_demo, run_with
    from learnflow.cli.output import print_json
    from learnflow.cli.stages import Stages

    with Stages(stderr=json) as stages:
        runner = make_runner(port, stages, reload=reload, attach=attach)

        async def stay() -> bool:
            only_demo(runner.places.state).unlink(missing_ok=True)
            stages.clear()
            if json:
                print_json(runner.urls())
            else:
                _show(runner.url, runner.urls())
            return True

        await run_with(runner, stages, stay)
        stages.line("done", "stopped", "nothing is left running; the data is kept")


def _show(url: str, urls: Mapping[str, Any]) -> None:
    from learnflow.cli.hints import attach_lines, curl_lines

    print(f"\nLearnFlow serves {url} (open to this machine, without login)\n")
    print("\n".join(curl_lines(url)))
    for name, command in urls.get("attached", {}).items():
        print("\n".join(["", *attach_lines(name, command)]))
    print("\nCtrl-C ends it. In another terminal: learnflow ps, logs -f, events list, send\n")
