"""`learnflow fault`: things that go wrong on purpose, to see them mended."""

from typing import Annotated, Any

import typer

from learnflow.cli.options import Json

fault = typer.Typer(
    name="fault",
    help="Let calls of a function go wrong, to see retries and dead letters.",
    no_args_is_help=True,
)
Function = Annotated[str, typer.Argument(help="A function: register-student, match_student, …")]
Rate = Annotated[
    float,
    typer.Option(
        "--rate",
        envvar="LEARNFLOW_RATE",
        min=0.001,
        max=1.0,
        help="Of how many calls: 0.5 is half.",
    ),
]
Count = Annotated[
    int | None,
    typer.Option("--count", envvar="LEARNFLOW_COUNT", min=1, help="So many times, then no more."),
]
For = Annotated[
    str | None,
    typer.Option("--for", envvar="LEARNFLOW_FOR", metavar="TIME", help="Off after 30s, 5m or 1h."),
]


@fault.command()
def slow(
    function: Function,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", envvar="LEARNFLOW_SECONDS", min=0.001, max=3600, help="How much later."
        ),
    ] = 2.0,
    rate: Rate = 1.0,
    count: Count = None,
    lasts: For = None,
    json: Json = False,
) -> None:
    """Call it later than asked; past the delivery's timeout that is a retry."""
    _set(function, "slow", json, rate=rate, count=count, lasts=lasts, seconds=seconds)


@fault.command()
def fail(
    function: Function,
    status: Annotated[
        int,
        typer.Option(
            "--status", envvar="LEARNFLOW_STATUS", min=400, max=599, help="What is answered."
        ),
    ] = 503,
    rate: Rate = 1.0,
    count: Count = None,
    lasts: For = None,
    json: Json = False,
) -> None:
    """Answer with an error without calling it: 503 is tried again, 422 is a dead letter at once."""
    _set(function, "fail", json, rate=rate, count=count, lasts=lasts, status=status)


@fault.command()
def duplicate(
    function: Function,
    rate: Rate = 1.0,
    count: Count = None,
    lasts: For = None,
    json: Json = False,
) -> None:
    """Deliver each event twice, at the same time."""
    _set(function, "duplicate", json, rate=rate, count=count, lasts=lasts)


@fault.command()
def drop(
    function: Function,
    rate: Rate = 1.0,
    count: Count = None,
    lasts: For = None,
    json: Json = False,
) -> None:
    """Call it and lose its answer: the connection breaks, a delivery is tried again."""
    _set(function, "drop", json, rate=rate, count=count, lasts=lasts)


@fault.command("list")
def list_(json: Json = False) -> None:
    """Show the switches that are on."""
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    found = control().get("faults")["faults"]
    if json:
        print_json(found)
    elif found:
        _show(found)
    else:
        print("No fault switch is on.")


@fault.command()
def clear(
    function: Annotated[
        str | None, typer.Argument(help="A function; left out: everything goes well again.")
    ] = None,
    json: Json = False,
) -> None:
    """Switch faults off."""
    from learnflow.cli.names import known_function
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    runner = control()
    name = known_function(function, runner) if function else None
    cleared = runner.post("faults", "clear", body={"function": name})["cleared"]
    if json:
        print_json(cleared)
        return
    print(f"{len(cleared)} fault switches are off." if cleared else "No fault switch was on.")
    for one in cleared:
        print(f"  {one['function']}: {one['fault']} (acted {one['acted']} times)")


def _set(function: str, kind: str, json: bool, *, lasts: str | None, **wish: Any) -> None:
    from learnflow.cli.names import known_function
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    runner = control()
    name = known_function(function, runner)
    body = {"function": name, "kind": kind, "lasts": _seconds(lasts), **wish}
    made = runner.post("faults", body=body)
    if json:
        print_json(made)
        return
    print(f"{made['function']}: {made['fault']} is on{_bounds(made)}.")
    print(f"Off again: learnflow fault clear {made['function']} (a restart clears it too)")


def _seconds(text: str | None) -> float | None:
    """Seconds of `90`, `30s`, `5m` or `1h`."""
    from learnflow.cli.problem import Problem

    if text is None:
        return None
    number, unit = (text[:-1], text[-1]) if text[-1:] in ("s", "m", "h") else (text, "s")
    try:
        found = float(number) * {"s": 1, "m": 60, "h": 3600}[unit]
    except ValueError:
        found = 0.0
    if not 0 < found <= 86_400:
        raise Problem(f"--for {text!r} is no time.", "30s, 5m or 1h; at most 24h")
    return found


def _bounds(one: dict[str, Any]) -> str:
    parts = [
        f"rate {one['rate']:g}" if one["rate"] < 1 else "",
        f"{one['count_left']} times" if one["count_left"] else "",
        f"for {one['seconds_left']:g} s" if one["seconds_left"] else "",
    ]
    said = ", ".join(filter(None, parts))
    return f" ({said})" if said else ""


def _show(found: list[dict[str, Any]]) -> None:
    from learnflow.cli.output import print_table

    print_table(
        ("function", "fault", ">rate", ">times left", ">seconds left", ">acted"),
        [
            (
                one["function"],
                one["fault"],
                f"{one['rate']:g}",
                one["count_left"],
                one["seconds_left"],
                one["acted"],
            )
            for one in found
        ],
    )
