"""`learnflow down`: end what runs, and with --wipe forget what was kept."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from learnflow.cli.options import Json

if TYPE_CHECKING:
    from learnflow.local.paths import Places

ORDERLY_SECONDS: Final = 60.0
FORCED_SECONDS: Final = 10.0


def down(
    wipe: Annotated[
        bool,
        typer.Option("--wipe", envvar="LEARNFLOW_WIPE", help="Delete databases and events too."),
    ] = False,
    json: Json = False,
) -> None:
    """Stop the LearnFlow of this repository, wherever it was started."""
    from learnflow.cli.output import print_json
    from learnflow.cli.place import here

    places = here()
    stopped = _stop(places, quiet=json)
    if wipe:
        _wipe(places)
    if json:
        print_json({"stopped": stopped, "wiped": wipe})
        return
    print("Stopped." if stopped else "LearnFlow does not run here.")
    if wipe:
        print(f"Deleted {places.state}")


def _stop(places: "Places", quiet: bool) -> int | None:
    """End the runner that holds the lock; its pid, or None when there was none."""
    import os
    import signal

    from learnflow.cli.control import Control
    from learnflow.cli.problem import Problem
    from learnflow.cli.stages import Stages
    from learnflow.local.paths import running

    pid = running(places.state)
    if pid is None:
        return None
    with Stages(stderr=quiet) as stages:
        stages.now(f"stopping PID {pid}: functions finish, facts are sent on, Postgres closes")
        try:
            Control(places.sockets / "runner.sock").post("stop")
        except Problem:
            os.kill(pid, signal.SIGTERM)
        if not _gone(places, ORDERLY_SECONDS):
            os.kill(pid, signal.SIGKILL)
            if not _gone(places, FORCED_SECONDS):
                raise Problem(f"PID {pid} does not end.", f"look at it: ps -fp {pid}")
    return pid


def _gone(places: "Places", seconds: float) -> bool:
    import time

    from learnflow.local.paths import running

    deadline = time.monotonic() + seconds
    while running(places.state) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _wipe(places: "Places") -> None:
    """Remove state and sockets; only after nothing of it runs."""
    import shutil

    from learnflow.cli.problem import Problem

    for folder in (places.state, places.sockets):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            fix = "delete it by hand, or as the user who owns it"
            raise Problem(f"It cannot be deleted: {error.strerror}.", fix, str(folder)) from error
