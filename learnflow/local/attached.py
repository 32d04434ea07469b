"""An instance started by hand: `python -m learnflow.local.attached SOCKET`, FUNCTION_TARGET set.

What the container's entry point does (`learnflow.runtime.host`), on the Unix socket where
`learnflow up --attach` looks for it. Run it under any debugger; `breakpoint()` works too.
"""

import sys
from pathlib import Path

from learnflow.local.paths import PlaceError, listen
from learnflow.runtime.load import FunctionNotFound, load_function
from learnflow.runtime.serve import serve
from learnflow.settings import Settings, SettingsError


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m learnflow.local.attached SOCKET\n")
        return 2
    try:
        settings = Settings.read()
        if settings.function_target is None:
            raise SettingsError(
                "FUNCTION_TARGET is not set: copy the whole command of learnflow ps"
            )
        operation = load_function(settings.functions, settings.function_target).operation
        listening = listen(Path(arguments[0]))
    except (SettingsError, FunctionNotFound, PlaceError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"{settings.function_target} serves; Ctrl-C ends it\n")
    serve(operation, settings, listening)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
