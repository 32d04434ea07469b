"""The Python of a new function: main.py. ruff formats it afterwards."""

from collections.abc import Iterable
from textwrap import fill
from typing import Final

from learnflow.scaffold.field_types import FieldType
from learnflow.scaffold.reading import event_fields
from learnflow.scaffold.spec import OWN, Function, NewEvent, Query, Reaction, Spec

Imports = list[tuple[str, str]]
_WIDTH: Final = 99


def event_class(topic: str) -> str:
    """The class of an event: StudentRegistered of student.registered."""
    return "".join(part.title() for part in topic.split("."))


def imports(wanted: Iterable[tuple[str, str]]) -> str:
    """Import statements, which ruff puts into order; a module's own where it is named ''."""
    return "".join(
        f"from {module} import {name}\n" if module else f"import {name}\n"
        for module, name in sorted(set(wanted))
    )


def main(function: Function, spec: Spec) -> str:
    """functions/<name>/main.py."""
    needs: Imports = [("learnflow.runtime", function.kind)]
    body = _body(function, spec, needs)
    model = ""
    if function.kind != "reaction":
        model = _model(function, needs)
    declared = _declared(function, needs)
    return f"{_docstring(function)}\n\n{imports(needs)}\n\n{model}{declared}{body}"


def _docstring(function: Function) -> str:
    heard = ", ".join(function.hears) or function.route
    said = " and ".join(function.says) or "nothing"
    does = {"query": "Reads", "stream": "Streams"}.get(function.kind, "Writes")
    text = f'"""Hears {heard}. Says {said}. {does} {function.database}_db."""'
    if len(text) <= _WIDTH:
        return text
    return fill(text[:-3], _WIDTH, break_long_words=False, break_on_hyphens=False) + '\n"""'


def _model(function: Function, needs: Imports) -> str:
    needs += [("learnflow.runtime", "Wish"), *imports_of(function.takes.values())]
    fields = fields_of(function.takes)
    about = "What may be asked." if function.kind in ("query", "stream") else "What is asked for."
    return f'class {function.model}(Wish):\n    """{about}"""\n\n{fields}\n\n'


def fields_of(fields: dict[str, FieldType]) -> str:
    """The fields of a model, those that may be left out with None."""
    lines = [
        f"    {name}: {kind.code}{' = None' if kind.optional else ''}\n"
        for name, kind in fields.items()
    ]
    return "".join(lines)


def imports_of(kinds: Iterable[FieldType]) -> Imports:
    """What these types need to be imported."""
    return [one for kind in kinds for one in kind.imports]


def _declared(function: Function, needs: Imports) -> str:
    shows = ""
    if function.kind == "query":
        needs.append((f"learnflow.views.{function.name}", f"{function.model}View"))
        shows = f", shows={function.model}View"
    if function.kind == "stream":
        seen = f"{OWN[function.service].title()}Notification"
        needs.append(("learnflow.views.notification", seen))
        shows = f", shows={seen}"
    database = f'database="{function.database}"'
    if isinstance(function, Reaction):
        heard = [event_class(topic) for topic in function.hears]
        needs += [("eventing.events", one) for one in heard]
        return f"@reaction({', '.join(heard)}, {database})\n"
    return f'@{function.kind}("{function.route}", {function.model}, {database}{shows})\n'


def _body(function: Function, spec: Spec, needs: Imports) -> str:
    if function.kind == "stream":
        return _stream_body(function, needs)
    needs.append(("db.unit_of_work", "Unit"))
    steps = [*_check(function, needs), *_query(function, needs)]
    steps += _says(function, spec.events, needs)
    given, kind, answer = "wish", function.model, {"command": "Done", "query": "Found"}
    if isinstance(function, Reaction):
        given, kind = "event", " | ".join(event_class(topic) for topic in function.hears)
    if function.kind in answer:
        needs.append(("learnflow.runtime", answer[function.kind]))
    if function.kind == "command":
        steps.append("return Done()")
    code = "".join(f"    {line}\n" for step in steps for line in step.splitlines())
    if f"{given}." not in code:
        given = f"_{given}"
    returned = answer.get(function.kind, "None")
    return (
        f"async def {function.name}({given}: {kind}, work: Unit) -> {returned}:\n"
        f'    """{function.summary}"""\n{code}'
    )


def _stream_body(function: Function, needs: Imports) -> str:
    noun = OWN[function.service]
    needs += [("learnflow.runtime", one) for one in ("Feed", "NotFound", "Rows")]
    needs += [("db.notes", "read_notes"), (f"db.{function.database}", "store")]
    return (
        f"async def {function.name}(wish: {function.model}, feed: Feed) -> Rows:\n"
        f'    """{function.summary}"""\n'
        f"    if not await store.is_known(feed.work, wish.{noun}_id):\n"
        f'        raise NotFound("{noun}")\n'
        f"    return feed.rows(wish.{noun}_id, read_notes)\n"
    )


def _check(function: Function, needs: Imports) -> list[str]:
    """Whom the service itself registered, it looks up before it does anything."""
    if function.known_id is None or finds_one(function):
        return []
    needs += [(f"db.{function.database}", "store"), ("learnflow.runtime", "NotFound")]
    known = f"if not await store.is_known(work, wish.{function.known_id}):"
    return [f'{known}\n    raise NotFound("{function.noun}")']


def finds_one(function: Function) -> bool:
    """Whether the query itself tells that nothing of this id is there."""
    return bool(function.returns) or (isinstance(function, Query) and function.list is None)


def _query(function: Function, needs: Imports) -> list[str]:
    if not function.sql:
        return []
    needs.append((f"db.{function.database}", f"{function.name} as queries"))
    given = "event" if isinstance(function, Reaction) else "wish"
    values = "".join(f", {given}.{name}" for name in function.parameters)
    call = f"queries.{function.name}(work{values})"
    if isinstance(function, Query) and function.list:
        return [f'return Found({{"{function.list}": await {call}}})']
    if not finds_one(function):
        return [call]
    steps = [f"row = await {call}"]
    if function.path_ids:
        needs.append(("learnflow.runtime", "NotFound"))
        steps.append(f'if row is None:\n    raise NotFound("{function.noun}")')
    elif isinstance(function, Reaction):
        steps.append("if row is None:\n    return")
    return [*steps, "return Found(row)"] if isinstance(function, Query) else steps


def _says(function: Function, new: tuple[NewEvent, ...], needs: Imports) -> list[str]:
    given = "event" if isinstance(function, Reaction) else "wish"
    at_hand = set(function.takes)
    if isinstance(function, Reaction):
        heard = [event_fields(topic, new).keys() for topic in function.hears]
        at_hand = set(heard[0]).intersection(*heard[1:])
    steps = []
    for topic in function.says:
        name = event_class(topic)
        needs.append(("eventing.events", name))
        values = [
            f'{field}=row["{field}"]' if field in function.returns else f"{field}={given}.{field}"
            for field in event_fields(topic, new)
            if field in function.returns or field in at_hand
        ]
        steps.append(f"work.say({name}({', '.join(values)}))")
    return steps
