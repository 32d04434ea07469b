"""`learnflow send`: say an event by hand."""

from pathlib import Path
from typing import Annotated, Any

import typer

from learnflow.cli.options import Json


def send(
    type: Annotated[str, typer.Argument(help="As student.registered, or in full.")],
    data: Annotated[
        str | None, typer.Option("--data", envvar="LEARNFLOW_DATA", help="The data, as JSON.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", envvar="LEARNFLOW_FILE", help="A file with the data; - for stdin."),
    ] = None,
    example: Annotated[
        bool,
        typer.Option("--example", envvar="LEARNFLOW_EXAMPLE", help="Data made from the schema."),
    ] = False,
    id: Annotated[
        str | None,
        typer.Option("--id", envvar="LEARNFLOW_ID", help="The event's id, to send one twice."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            envvar="LEARNFLOW_CHECK", help="--no-check sends data its event class would refuse."
        ),
    ] = True,
    json: Json = False,
) -> None:
    """Put one event into its topic, as the relay does."""
    from learnflow.cli import types
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    event = types.event_class(type)
    body = types.example(event) if example else _data(data, file)
    wish = {"type": event.type, "data": body, "id": id, "check": check}
    sent = control().post("send", body=wish)
    if json:
        print_json({**sent, "type": event.type, "data": body})
        return
    print(f"{sent['topic']}  event {sent['id']}")
    print(f"See who heard it: learnflow events show {sent['id']}")


def _data(text: str | None, file: Path | None) -> Any:
    from json import loads

    from learnflow.cli.problem import Problem

    if (text is None) == (file is None):
        what = "There is nothing to send." if text is None else "There is too much to send."
        raise Problem(what, "give one of --data '{...}', --file data.json, --example")
    where = "--data" if file is None else str(file)
    try:
        return loads(text or "" if file is None else _read(file))
    except (ValueError, RecursionError) as error:
        raise Problem(f"The data is not JSON: {error}.", "an object in braces", where) from error
    except OSError as error:
        raise Problem(f"The file cannot be read: {error.strerror}.", where=where) from error


def _read(file: Path) -> str:
    import sys

    return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
