"""`learnflow new`: functions and events from a YAML file, or one function from options."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from learnflow.cli.options import DryRun, Json

if TYPE_CHECKING:
    from learnflow.scaffold.staging import Change

_KIND: Final = "command, query, reaction or stream."
_PAIRS: Final = "takes", "shows"


def _option(name: str, shown: str, text: str) -> Any:
    variable = f"LEARNFLOW_NEW_{name.upper()}"
    return typer.Option(f"--{name}", envvar=variable, metavar=shown, help=text)


def new(
    name: Annotated[str | None, typer.Argument(help="The function: verb_noun.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "-f",
            "--file",
            envvar="LEARNFLOW_NEW_FILE",
            help="A specification; - is standard input.",
        ),
    ] = None,
    kind: Annotated[str | None, _option("kind", "KIND", _KIND)] = None,
    service: Annotated[str | None, _option("service", "SERVICE", "Whose database it uses.")] = None,
    summary: Annotated[
        str | None, _option("summary", "TEXT", "One sentence; ends in a dot.")
    ] = None,
    route: Annotated[str | None, _option("route", "ROUTE", "As `GET /api/waiting`.")] = None,
    takes: Annotated[
        list[str] | None, _option("takes", "NAME=TYPE", "An input; repeat it.")
    ] = None,
    sql: Annotated[str | None, _option("sql", "SQL", "Its query; parameters as :name.")] = None,
    returns: Annotated[list[str] | None, _option("returns", "COLUMN", "Of the query.")] = None,
    shows: Annotated[list[str] | None, _option("shows", "NAME=TYPE", "What is seen.")] = None,
    list_: Annotated[str | None, _option("list", "KEY", "Many rows, under this key.")] = None,
    hears: Annotated[list[str] | None, _option("hears", "EVENT", "As student.registered.")] = None,
    says: Annotated[list[str] | None, _option("says", "EVENT", "Likewise.")] = None,
    demand: Annotated[str | None, _option("demand", "rare|usual", "Of a command.")] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write a function, its test, its manifests and its rows in the docs; all of it or nothing."""
    from learnflow.cli.problem import Problem

    given = {
        **{"kind": kind, "service": service, "summary": summary, "route": route, "sql": sql},
        **{"takes": takes, "returns": returns, "shows": shows, "list": list_},
        **{"hears": hears, "says": says, "demand": demand},
    }
    chosen = {key: value for key, value in given.items() if value}
    if (file is None) == (name is None) or (file is not None and chosen):
        fix = "learnflow new -f spec.yaml, or learnflow new NAME --kind … (see --help)"
        raise Problem("A file or a name is needed, and not both.", fix)
    _new(file, {"name": name, **chosen}, dry_run, json)


def _new(file: Path | None, function: dict[str, Any], dry_run: bool, json: bool) -> None:
    from learnflow.cli.place import ROOT
    from learnflow.cli.problem import Problem
    from learnflow.scaffold.reading import SpecError, checked, read
    from learnflow.scaffold.staging import CannotGenerate, staged
    from learnflow.scaffold.writing import write

    try:
        if file is None:
            spec = checked({"functions": [_from_options(function)]}, "the options")
        else:
            spec = read(_text(file), str(file))
        changes = staged(spec, ROOT)
        if not dry_run:
            write(changes, ROOT)
    except SpecError as error:
        raise Problem(error.what, error.fix, error.where) from error
    except CannotGenerate as error:
        raise Problem(error.what, error.fix) from error
    _show(changes, dry_run, json)


def _text(file: Path) -> bytes:
    import sys

    from learnflow.cli.problem import Problem

    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        what = f"The specification cannot be read: {error.strerror}."
        raise Problem(
            what, "name a YAML file; docs/add-a-function.md shows one", str(file)
        ) from error


def _from_options(function: dict[str, Any]) -> dict[str, Any]:
    """The same as a file would hold: `--takes grade=Grade?` is `takes: {grade: Grade?}`."""
    import yaml

    from learnflow.cli.problem import Problem

    for key in _PAIRS:
        pairs = {}
        for pair in function.get(key, ()):
            name, equals, kind = pair.partition("=")
            try:
                pairs[name] = yaml.safe_load(kind) if equals else None
            except yaml.YAMLError:
                pairs[name] = None
            if pairs[name] is None:
                raise Problem(f"--{key} {pair} has no type.", f"as --{key} grade=Grade")
        if pairs:
            function = {**function, key: pairs}
    return function


def _show(changes: "list[Change]", dry_run: bool, json: bool) -> None:
    from learnflow.cli.output import counted, print_json

    verbs = ("would write", "would change") if dry_run else ("wrote", "changed")
    told = [(verbs[change.before is not None], change.path) for change in changes]
    if json:
        made = [change.path for change in changes if change.before is None]
        rest = [change.path for change in changes if change.before is not None]
        print_json({"written": not dry_run, "new": made, "changed": rest})
        return
    for verb, path in told:
        print(f"{verb} {path}")
    files = counted(len(changes), "file", "files")
    if dry_run:
        print(f"{files}; nothing was written.")
        return
    print(f"\n{files}. `make check` passes as they are; now make them yours.")
    if any(change.path.startswith("tests/contracts/golden/") for change in changes):
        print(
            "While a contract may still change, delete its new files under tests/contracts/golden;"
        )
        print("`python -m tools.golden` keeps it when it is as it shall stay.")
