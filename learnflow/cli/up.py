"""`learnflow up`: everything on this machine, until Ctrl-C."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from learnflow.cli.options import Json, NoReload, Port

if TYPE_CHECKING:
    from learnflow.local.bus import Bus

_ADDRESS: Final = r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}"


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
    spec_ports: Annotated[
        bool,
        typer.Option(
            "--spec-ports",
            envvar="LEARNFLOW_SPEC_PORTS",
            help="Open 3001-3003 for the specification's services too, and 3000 for all of them.",
        ),
    ] = False,
    kafka: Annotated[
        str | None,
        typer.Option(
            "--kafka",
            envvar="LEARNFLOW_KAFKA",
            metavar="HOST:PORT",
            help="Carry events over this Kafka instead of the event log here.",
        ),
    ] = None,
    dapr: Annotated[
        bool,
        typer.Option(
            "--dapr", envvar="LEARNFLOW_DAPR", help="With --kafka: publish through a daprd here."
        ),
    ] = False,
) -> None:
    """Run LearnFlow here: Postgres, events and every function, from zero and back to zero."""
    from learnflow.cli.lifecycle import run
    from learnflow.cli.problem import explained

    names = [name.replace("_", "-") for name in attach or ()]
    with explained():
        options = {"reload": not no_reload, "attach": names, "spec_ports": spec_ports}
        run(_up(port, json, **options, bus=_bus(kafka, dapr)))


def _bus(kafka: str | None, dapr: bool) -> "Bus":
    from learnflow.cli.problem import Problem
    from learnflow.local.bus import Bus
    from learnflow.local.dapr_sidecar import find_daprd
    from learnflow.settings import Settings

    if kafka is not None and not all(re.fullmatch(_ADDRESS, one) for one in kafka.split(",")):
        raise Problem(f"{kafka[:200]} is no address of a Kafka.", "--kafka 127.0.0.1:9092")
    if dapr and kafka is None:
        raise Problem("--dapr needs a Kafka to publish to.", "--kafka HOST:PORT --dapr")
    return Bus(kafka, find_daprd(Settings.read().home) if dapr else None)


async def _up(port: int, json: bool, **options: Any) -> None:
    from learnflow.cli.lifecycle import make_runner, only_demo, run_with
    from learnflow.cli.output import print_json
    from learnflow.cli.stages import Stages

    with Stages(stderr=json) as stages:
        runner = make_runner(port, stages, **options)

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
    from learnflow.cli.hints import attach_lines, curl_lines, page_lines

    print(f"\nLearnFlow serves {url} (open to this machine, without login)")
    print("\n".join(page_lines(url)) + "\n")
    for service, address in urls.get("services", {}).items():
        print(f"  {service:<17} {address}")
    print("\n".join(curl_lines(url)))
    for name, command in urls.get("attached", {}).items():
        print("\n".join(["", *attach_lines(name, command)]))
    print("\nCtrl-C ends it. In another terminal: learnflow ps, logs -f, events list, send\n")
