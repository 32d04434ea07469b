"""`learnflow explain`: what a manifest means here and on the cluster, and what is missing here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from learnflow.cli.options import Json

if TYPE_CHECKING:
    from learnflow.manifests.document import Document
    from learnflow.manifests.fields import Explained

_HEADINGS: Final = {
    "emulated": "Emulated here",
    "not emulated": "Not emulated here",
    "meaningless": "Without a meaning here",
}


def explain(
    manifest: Annotated[
        str,
        typer.Argument(
            help="A file, or a name: register-student, student.registered, dead-letter, …"
        ),
    ],
    json: Json = False,
) -> None:
    """Say what each field of a manifest does here, and what it is for on the cluster."""
    from learnflow.cli.output import print_json
    from learnflow.cli.place import ROOT
    from learnflow.cli.problem import explained as problems

    with problems():
        found = _documents(ROOT, manifest)
    if json:
        print_json([_document(each) for each in found])
        return
    for each in found:
        _show(each)


def _documents(root: Path, wanted: str) -> "list[Document]":
    """The manifest of that file, or those of that name. Raises Problem."""
    from learnflow.cli.problem import Problem
    from learnflow.manifests.document import Document, parse
    from learnflow.manifests.meanings import KINDS
    from learnflow.manifests.read import read_documents

    file = Path(wanted)
    if file.is_file():
        fields = parse(file, file.read_bytes())
        kind, name = str(fields.get("kind")), (fields.get("metadata") or {}).get("name")
        if kind not in KINDS:
            raise Problem(
                f"The embedded mode reads no {kind}.",
                f"it reads {', '.join(KINDS)}; this one is for the cluster alone",
                wanted,
            )
        return [Document(file, kind, str(name), fields)]
    documents = read_documents(root)
    names = {wanted, wanted.replace("_", "-")}
    if found := [each for each in documents if each.name in names]:
        return found
    raise _unknown(wanted, sorted({each.name for each in documents}))


def _unknown(wanted: str, names: list[str]) -> Exception:
    from difflib import get_close_matches

    from learnflow.cli.problem import Problem

    near = get_close_matches(wanted.replace("_", "-"), names, 4) or names
    return Problem(f"There is no manifest {wanted}.", f"a file, or one of: {', '.join(near)}")


def _document(document: "Document") -> dict[str, Any]:
    from learnflow.manifests.fields import UNKNOWN, explained
    from learnflow.manifests.meanings import KINDS

    here, cluster = KINDS[document.kind]
    return {
        "file": str(document.file),
        "kind": document.kind,
        "name": document.name,
        "here": here,
        "cluster": cluster,
        "fields": [
            {
                "field": one.path,
                "value": one.value,
                "state": one.meaning.state if one.meaning else "not emulated",
                "here": one.meaning.here if one.meaning else UNKNOWN,
                "cluster": one.meaning.cluster if one.meaning else None,
            }
            for one in explained(document)
        ],
    }


def _show(document: "Document") -> None:
    from rich.text import Text

    from learnflow.cli.output import console
    from learnflow.manifests.fields import explained, not_emulated
    from learnflow.manifests.meanings import KINDS

    here, cluster = KINDS[document.kind]
    printer = console()
    title = Text(f"{document.kind} {document.name}", style="bold")
    printer.print(title.append(f"  {document.file}", style="not bold dim"))
    printer.print(Text("  here:       ", style="dim").append(here, style="not dim"))
    printer.print(Text("  on cluster: ", style="dim").append(cluster, style="not dim"))
    by_state: dict[str, list[Explained]] = {state: [] for state in _HEADINGS}
    for one in explained(document):
        by_state[one.meaning.state if one.meaning else "not emulated"].append(one)
    for state, fields in by_state.items():
        if fields:
            _table(_HEADINGS[state], fields)
    missing = dict(not_emulated(document))
    for path in missing.keys() - {one.path for one in by_state["not emulated"]}:
        printer.print(f"Not emulated here: {path}: {missing[path]}", style="yellow")
    if not missing:
        printer.print("Nothing in it is missing here.\n", style="green")


def _table(title: str, fields: "list[Explained]") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from learnflow.cli.output import console
    from learnflow.manifests.fields import UNKNOWN

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column, share in (("field", 3), ("value", 2), ("here", 4), ("on the cluster", 4)):
        table.add_column(column, ratio=share, overflow="fold")
    for one in fields:
        here = one.meaning.here if one.meaning else UNKNOWN
        cluster = one.meaning.cluster if one.meaning else ""
        short = Text(_short(one.path), style="cyan")
        table.add_row(short, Text(_value(one.value)), Text(here), Text(cluster, style="dim"))
    printer = console()
    printer.print(f"\n{title}", style="bold" if title != _HEADINGS["not emulated"] else "yellow")
    printer.print(table)


def _short(path: str) -> str:
    """A path without the parts that every Knative manifest has."""
    path = path.replace("autoscaling.knative.dev/", "…/").replace("networking.knative.dev/", "…/")
    path = path.replace("learnflow.org/", "…/")
    for long, short in (
        ("spec.template.spec.containers[0].", "container."),
        ("spec.template.metadata.annotations", "template.annotations"),
        ("spec.template.spec.", "template."),
    ):
        if path.startswith(long):
            return short + path.removeprefix(long)
    return path


def _value(value: object) -> str:
    import yaml

    if isinstance(value, str):
        return value
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("...\n").strip()
