"""`learnflow up`: everything on this machine, until Ctrl-C."""

from learnflow.cli.options import Json, Port


def up(port: Port = 8080, json: Json = False) -> None:
    """Run LearnFlow here: Postgres, events and every function, from zero and back to zero."""
    from learnflow.cli.lifecycle import run
    from learnflow.cli.problem import explained

    with explained():
        run(_up(port, json))


async def _up(port: int, json: bool) -> None:
    from learnflow.cli.lifecycle import make_runner, only_demo, run_with
    from learnflow.cli.output import print_json
    from learnflow.cli.stages import Stages

    with Stages(stderr=json) as stages:
        runner = make_runner(port, stages)

        async def stay() -> bool:
            only_demo(runner.places.state).unlink(missing_ok=True)
            stages.clear()
            if json:
                print_json(runner.urls())
            else:
                _show(runner.url)
            return True

        await run_with(runner, stages, stay)
        stages.line("done", "stopped", "nothing is left running; the data is kept")


def _show(url: str) -> None:
    from learnflow.cli.hints import curl_lines

    print(f"\nLearnFlow serves {url} (open to this machine, without login)\n")
    print("\n".join(curl_lines(url)))
    print("\nCtrl-C ends it. In another terminal: learnflow ps, logs -f, events list, send\n")
