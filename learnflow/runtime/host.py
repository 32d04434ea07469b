"""The container's entry point: `python -m learnflow.runtime.host`, FUNCTION_TARGET, PORT."""

import socket
import sys

from learnflow.runtime.load import FunctionNotFound, load_function
from learnflow.runtime.serve import BACKLOG, serve
from learnflow.settings import Settings, SettingsError


def main() -> int:
    """Serve the function that FUNCTION_TARGET names on 0.0.0.0:PORT. Returns the exit code."""
    try:
        settings = Settings.read()
        if settings.function_target is None:
            raise SettingsError("FUNCTION_TARGET is not set")
        operation = load_function(settings.functions, settings.function_target).operation
        serve(operation, settings, _listening(settings.port))
    except (SettingsError, FunctionNotFound, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _listening(port: int) -> socket.socket:
    return socket.create_server(("0.0.0.0", port), backlog=BACKLOG, reuse_port=False)


if __name__ == "__main__":
    sys.exit(main())
