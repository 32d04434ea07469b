"""Options that several commands share, each with the environment variable that sets it."""

from typing import Annotated

import typer

Json = Annotated[
    bool,
    typer.Option("--json", envvar="LEARNFLOW_JSON", help="Print JSON, for programs."),
]
Port = Annotated[
    int,
    typer.Option(
        "--port",
        envvar="LEARNFLOW_PORT",
        min=0,
        max=65535,
        help="Port of 127.0.0.1 for the gateway; the next free one if it is taken, 0 for any.",
    ),
]
Limit = Annotated[
    int,
    typer.Option("--limit", envvar="LEARNFLOW_LIMIT", min=1, max=500, help="At most so many."),
]
