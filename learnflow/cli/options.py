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
Type = Annotated[
    str | None,
    typer.Option("--type", envvar="LEARNFLOW_TYPE", help="Only this type, as student.registered."),
]
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="LEARNFLOW_KEY", help="Only this student's or tutor's id."),
]
Function = Annotated[
    str | None,
    typer.Option("--function", envvar="LEARNFLOW_FUNCTION", help="Only what this function hears."),
]
Source = Annotated[
    str | None,
    typer.Option("--source", envvar="LEARNFLOW_SOURCE", help="Only this source, as `ps` names it."),
]
Since = Annotated[
    str | None,
    typer.Option("--since", envvar="LEARNFLOW_SINCE", help="10m, 2h, 1d ago, or 2026-11-22T18:00."),
]
Until = Annotated[
    str | None,
    typer.Option("--until", envvar="LEARNFLOW_UNTIL", help="Likewise; left out: now."),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", envvar="LEARNFLOW_DRY_RUN", help="Only show what would be done."),
]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", envvar="LEARNFLOW_YES", help="Do not ask, however many there are."),
]
Limit = Annotated[
    int,
    typer.Option("--limit", envvar="LEARNFLOW_LIMIT", min=1, max=500, help="At most so many."),
]
NoReload = Annotated[
    bool,
    typer.Option(
        "--no-reload",
        envvar="LEARNFLOW_NO_RELOAD",
        help="Do not follow saved files: what was there at the start goes on.",
    ),
]
