"""`learnflow send`: say events by hand."""

from pathlib import Path
from typing import Annotated, Any

import typer

from learnflow.cli.options import Json


def send(
    type: Annotated[str, typer.Argument(help="As student.registered, or in full.")],
    source: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Like --file; - for stdin.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", envvar="LEARNFLOW_DATA", help="The data, as JSON.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            envvar="LEARNFLOW_FILE",
            help="A file with the data: one JSON object, or one in each line; - for stdin.",
        ),
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
    """Put an event, or many, into their topic, as the relay does."""
    from learnflow.cli import types
    from learnflow.cli.place import control
    from learnflow.cli.problem import Problem

    event = types.event_class(type)
    bodies = _bodies(lambda: types.example(event), example, data, file, source)
    if len(bodies) == 1:
        wish = {"type": event.type, "data": bodies[0], "id": id, "check": check}
        _tell_one(control().post("send", body=wish), event.type, bodies[0], json)
        return
    if id is not None:
        raise Problem("One id cannot be that of many events.", "leave --id out, or send one")
    wishes = [{"type": event.type, "data": body, "check": check} for body in bodies]
    _tell_many(control().post("send", body={"events": wishes})["sent"], json)


def _tell_one(sent: dict[str, Any], type: str, data: Any, json: bool) -> None:
    from learnflow.cli.output import print_json

    if json:
        print_json({**sent, "type": type, "data": data})
        return
    print(f"{sent['topic']}  event {sent['id']}")
    print(f"See who heard it: learnflow events show {sent['id']}")


def _tell_many(sent: list[dict[str, Any]], json: bool) -> None:
    from learnflow.cli.output import counted, print_json
    from learnflow.cli.problem import Problem

    refused = [(n, one["refused"]) for n, one in enumerate(sent, 1) if "refused" in one]
    if json:
        print_json(sent)
    else:
        events = counted(len(sent) - len(refused), "event", "events")
        print(f"{sent[0]['topic']}  {events}")
        print("See who heard them: learnflow events list")
    if refused:
        number, why = refused[0]
        raise Problem(f"{len(refused)} events were refused; the first: {why}.", "", f"no. {number}")


def _bodies(
    make: Any, example: bool, data: str | None, file: Path | None, source: Path | None
) -> list[Any]:
    from learnflow.cli.problem import Problem

    given = sum((example, data is not None, file is not None, source is not None))
    if given != 1:
        what = "There is nothing to send." if given == 0 else "There is too much to send."
        raise Problem(what, "give one of --data '{...}', --file data.json, --example")
    if example:
        return [make()]
    chosen = file or source
    where = "--data" if chosen is None else str(chosen)
    try:
        return _parsed(data or "" if chosen is None else _read(chosen), where)
    except OSError as error:
        raise Problem(f"The file cannot be read: {error.strerror}.", where=where) from error
    except UnicodeError as error:
        raise Problem("The file is not UTF-8 text.", "save it as UTF-8", where) from error


def _parsed(text: str, where: str) -> list[Any]:
    """One JSON document, or one in each line. Raises Problem naming the line."""
    from json import JSONDecodeError, loads

    from learnflow.cli.problem import Problem
    from learnflow.local.sending import MOST

    try:
        return [loads(text)]
    except (ValueError, RecursionError) as error:
        lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) < 2 or not isinstance(error, JSONDecodeError) or error.msg != "Extra data":
            raise Problem(
                f"The data is not JSON: {error}.", "an object in braces", where
            ) from error
    if len(lines) > MOST:
        raise Problem(f"There are {len(lines)} lines.", f"send {MOST} at a time", where)
    found = []
    for number, line in lines:
        try:
            found.append(loads(line))
        except (ValueError, RecursionError) as error:
            what = f"Line {number} is not JSON: {error}."
            raise Problem(what, "one object in each line; nothing was sent", where) from error
    return found


def _read(file: Path) -> str:
    import sys

    return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
