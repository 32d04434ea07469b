"""What went wrong, where, and what to do: every error of the command line, and its exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FAILED: Final = 1
INTERRUPTED: Final = 130


class Problem(Exception):
    """Ends a command; shown as one sentence, the place and the remedy, never as a traceback."""

    def __init__(self, what: str, fix: str = "", where: str = "", code: int = FAILED) -> None:
        super().__init__(what)
        self.what, self.fix, self.where, self.code = what, fix, where, code

    def lines(self) -> list[str]:
        """The lines to show; the place and the remedy only where they are known."""
        place = [f"  where:   {self.where}"] if self.where else []
        remedy = [f"  to do:   {self.fix}"] if self.fix else []
        return [f"error: {self.what}", *place, *remedy]


def show(problem: Problem) -> None:
    """Print the problem to the standard error."""
    print("\n".join(problem.lines()), file=sys.stderr)


def unexpected(error: BaseException) -> Problem:
    """A fault that no command foresaw."""
    return Problem(
        f"{type(error).__name__}: {error}",
        "run the same with --debug (before the command) for the traceback",
    )


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors of the library that people can do something about into problems."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        known = _known(error)
        if known is None:
            raise
        raise known from error


def _known(error: Exception) -> Problem | None:
    """The problem that a library's error is; imported here, for only failing takes the time."""
    from learnflow.cluster.errors import ClusterError
    from learnflow.demo.examples import ExamplesError
    from learnflow.local.forkserver import ForkServerGone
    from learnflow.local.paths import AlreadyRunning, PlaceError
    from learnflow.local.ports import NoPort
    from learnflow.local.postgres import PostgresFailed
    from learnflow.local.progress import StartError
    from learnflow.manifests import ManifestError
    from learnflow.settings import SettingsError

    if isinstance(error, ManifestError):
        return Problem(error.what, error.fix, f"{error.file}: {error.field}")
    if isinstance(error, ClusterError):
        return Problem(error.what, error.fix, error.where)
    if isinstance(error, StartError):
        return Problem(str(error), error.fix)
    fixes: dict[type[Exception], str] = {
        AlreadyRunning: "use the one that runs (learnflow ps), or end it: learnflow down",
        PlaceError: "learnflow doctor looks at every folder that is needed",
        NoPort: "choose another one with --port",
        SettingsError: "correct that environment variable",
        PostgresFailed: "learnflow doctor may tell more",
        ForkServerGone: "learnflow doctor may tell more",
        ExamplesError: "restore the folder examples/",
    }
    fix = next((fix for kind, fix in fixes.items() if isinstance(error, kind)), None)
    return None if fix is None else Problem(str(error), fix)
