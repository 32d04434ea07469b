"""Where this repository's embedded LearnFlow keeps its state and its control socket."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from learnflow.cli.control import Control
    from learnflow.local.paths import Places

ROOT: Final = Path(__file__).parents[2]


def here() -> "Places":
    """The folders of this repository for this user; nothing is made."""
    from learnflow.cli.problem import explained
    from learnflow.local.paths import places
    from learnflow.settings import Settings

    with explained():
        settings = Settings.read()
        return places(
            ROOT,
            uid=os.geteuid(),
            state_home=str(settings.state_home) if settings.state_home else None,
            home=str(settings.home) if settings.home else None,
        )


def control() -> "Control":
    """The control API of the runner of this repository; it need not run."""
    from learnflow.cli.control import Control

    return Control(here().sockets / "runner.sock")
