"""`learnflow export`: a run as one file, for a bug report or a test."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from learnflow.cli.options import Json

_MANY: Final = {
    **{"function": "functions", "request": "requests", "fact": "facts", "record": "records"},
    **{"dead-letter": "dead letters", "delivery": "deliveries", "span": "spans"},
}


def export(
    file: Annotated[Path, typer.Argument(help="Where to write; `-` for the standard output.")],
    force: Annotated[
        bool, typer.Option("--force", envvar="LEARNFLOW_FORCE", help="Replace the file.")
    ] = False,
    json: Json = False,
) -> None:
    """Write events, deliveries, requests, spans and dead letters as JSON lines; no names."""
    from learnflow.cli.output import counted, print_json
    from learnflow.cli.place import control
    from learnflow.cli.problem import Problem

    if str(file) == "-":
        _copy_to_stdout()
        return
    if file.exists() and not force:
        raise Problem(f"{file} is there already.", "another name, or --force")
    part = file.with_name(f".{file.name}.part")
    try:
        counts = _write(part, control().raw_lines("export"))
        part.replace(file)
    except OSError as error:
        raise Problem(f"The file cannot be written: {error.strerror}.", where=str(file)) from error
    finally:
        part.unlink(missing_ok=True)
    if json:
        print_json({"file": str(file), **counts})
        return
    told = ", ".join(counted(count, kind, _MANY.get(kind, kind)) for kind, count in counts.items())
    print(f"{file}: {told}")


def _write(part: Path, lines: Iterable[bytes]) -> dict[str, int]:
    """Write the lines; how many there are of each kind."""
    from json import loads

    counts: dict[str, int] = {}
    with part.open("wb") as out:
        for line in lines:
            kind = loads(line)["kind"]
            if kind != "learnflow-run":
                counts[kind] = counts.get(kind, 0) + 1
            out.write(line)
    return counts


def _copy_to_stdout() -> None:
    import sys

    from learnflow.cli.place import control

    for line in control().raw_lines("export"):
        sys.stdout.write(line.decode())
