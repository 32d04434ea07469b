"""`learnflow web`: the web app that people see, built out of frontend/."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from learnflow.cli.stages import Stages
    from learnflow.web.building import Builder

STAGE = "web app"
web = typer.Typer(help="Build what people see; the gateway serves it.", no_args_is_help=True)


@web.callback()
def _group() -> None:
    """A group, though it has one command: `learnflow web build`."""


@web.command()
def build() -> None:
    """Build the web app if its sources changed; needs Node, or uv's group `web` that brings it."""
    from learnflow.cli.lifecycle import run
    from learnflow.cli.problem import Problem
    from learnflow.cli.stages import Stages
    from learnflow.web.building import NotBuilt

    try:
        with Stages() as stages:
            run(_build(stages))
    except NotBuilt as error:
        raise Problem(str(error), error.fix) from error


async def _build(stages: "Stages") -> None:
    if not await builder(stages).build():
        stages.line("done", STAGE, "is built already")
    else:
        stages.line("done", STAGE, "is built")


def builder(stages: "Stages") -> "Builder":
    """Builds this repository's web app and tells the stages."""
    from learnflow.cli.place import ROOT, here
    from learnflow.web.building import Builder
    from learnflow.web.state import Frontend

    return Builder(Frontend(ROOT / "frontend"), here().state / "web-build.log", stages.now)


async def built_if_possible(stages: "Stages") -> None:
    """Build it if need be before something else starts; what keeps it from that is one line."""
    import time

    from learnflow.web.building import NotBuilt

    began = time.monotonic()
    building = builder(stages)
    if not building.frontend.there:  # a copy that is only to run
        return
    try:
        if await building.build():
            stages.clear()
            stages.line("done", STAGE, f"built, {time.monotonic() - began:.1f} s")
    except NotBuilt as error:
        stages.clear()
        stages.line("warn", STAGE, f"{error}  ->  {error.fix}")
    except OSError as error:
        stages.clear()
        stages.line("warn", STAGE, f"was not built: {error}")
