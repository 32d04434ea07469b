"""The Python around a new function's query: its module in db, and the view of what it finds."""

from learnflow.scaffold.python_files import Imports, fields_of, finds_one, imports, imports_of
from learnflow.scaffold.spec import Function, Query, Reaction, Spec


def queries(function: Function, spec: Spec) -> str:
    """db/<database>/<name>.py, the function's named query."""
    kinds = _parameter_types(function, spec)
    given = "".join(f", {name}: {kinds[name]}" for name in function.parameters)
    values = "".join(f", {name}" for name in function.parameters)
    constant, one = function.name.upper(), finds_one(function)
    needs: Imports = [("typing", "Final"), ("db.unit_of_work", "Unit")]
    head = f'"""Named queries of {function.database}_db for {function.name}."""\n\n'
    sql = f'{constant}: Final = """\n{function.numbered_sql}\n"""\n\n\n'
    doc = f'    """{function.summary}"""\n'
    if not one and not isinstance(function, Query):
        body = (
            f"def {function.name}(work: Unit{given}) -> None:\n{doc}"
            f"    work.write({constant}{values})\n"
        )
        return f"{head}{imports(needs)}\n{sql}{body}"
    needs.append(("typing", "Any"))
    maybe = one and (bool(function.path_ids) or isinstance(function, Reaction))
    row = "dict[str, Any]"
    answers = f"{row} | None" if maybe else row if one else f"list[{row}]"
    found = "dict(rows[0]) if rows else None" if maybe else "dict(rows[0])"
    way = "read" if isinstance(function, Query) else "call"
    body = (
        f"async def {function.name}(work: Unit{given}) -> {answers}:\n{doc}"
        f"    rows = await work.{way}({constant}{values})\n"
        f"    return {found if one else '[dict(row) for row in rows]'}\n"
    )
    return f"{head}{imports(needs)}\n{sql}{body}"


def _parameter_types(function: Function, spec: Spec) -> dict[str, str]:
    if not isinstance(function, Reaction):
        return {name: kind.base for name, kind in function.takes.items()}
    new = {event.topic: event for event in spec.events}
    heard = [new[topic] for topic in function.hears if topic in new]
    known = {name: kind.base for event in heard for name, kind in event.fields.items()}
    return {name: known.get(name, "Any") for name in function.parameters}


def view(function: Query) -> str:
    """learnflow/views/<name>.py, what a query shows."""
    needs = [("learnflow.views.view", "View"), *imports_of(function.shows.values())]
    shown = fields_of(function.shows).replace(" = None", "")
    item, whole = f"{function.model}Item", f"{function.model}View"
    first = f'class {item}(View):\n    """One of them."""\n\n{shown}\n\n' if function.list else ""
    rest = f"    {function.list}: tuple[{item}, ...]\n" if function.list else shown
    return (
        f'"""What {function.name} shows."""\n\n{imports(needs)}\n\n{first}'
        f'class {whole}(View):\n    """{function.summary}"""\n\n{rest}'
    )
