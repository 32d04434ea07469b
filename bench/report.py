"""How is it shown? A table for people, one object for programs."""

from typing import Any

from rich.table import Table

from bench.figures import Figure

_MARKS = {True: "[green]reached[/]", False: "[red]missed[/]", None: ""}


def table(figures: list[Figure]) -> Table:
    """Every figure beside its target."""
    shown = Table(title="LearnFlow: figures on this machine, in this run")
    for column in ("", "figure"):
        shown.add_column(column, no_wrap=True)
    shown.add_column("value", justify="right", no_wrap=True)
    for column in ("target", "", "note"):
        shown.add_column(column)
    group = ""
    for figure in figures:
        if group and figure.group != group:
            shown.add_section()
        shown.add_row(
            figure.group if figure.group != group else "",
            figure.name,
            f"{_number(figure.value)} {figure.unit}",
            str(figure.bound or ""),
            _MARKS[figure.reached],
            figure.note,
        )
        group = figure.group
    return shown


def document(figures: list[Figure]) -> dict[str, Any]:
    """All figures, and how many missed their floor."""
    return {
        "figures": [figure.as_json() for figure in figures],
        "missed": [figure.name for figure in figures if figure.reached is False],
    }


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
