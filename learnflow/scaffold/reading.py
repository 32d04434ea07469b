"""Reads a specification: YAML in, checked values out, errors that name line, field and remedy."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

import yaml
from pydantic import ValidationError

from eventing.events import CATALOGUE
from learnflow.manifests.document import StrictLoader
from learnflow.scaffold.spec import NewEvent, Reaction, Spec

Place = Sequence[str | int]
_KINDS: Final = {"command", "query", "reaction", "stream"}


class SpecError(Exception):
    """A specification that cannot be used: what is wrong, where, and what to do."""

    def __init__(self, what: str, fix: str, where: str = "") -> None:
        super().__init__(what)
        self.what, self.fix, self.where = what, fix, where


def read(text: bytes, name: str) -> Spec:
    """The specification in a YAML text; `name` is only named in errors. Raises SpecError."""
    try:
        fields = yaml.load(text, StrictLoader)  # StrictLoader is a safe loader
        node = yaml.compose(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}: line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise SpecError(
            f"The specification is no YAML: {problem}.", "mend it there", where
        ) from None
    return checked(fields, name, node)


def checked(fields: Any, name: str, node: Any = None) -> Spec:
    """The specification of plain data. Raises SpecError."""
    try:
        spec = Spec.model_validate(fields)
    except ValidationError as error:
        first, *more = error.errors(include_url=False)
        place = [part for part in first["loc"] if part not in _KINDS]
        message = first["msg"].removeprefix("Value error, ")
        what = f"The specification is wrong: {message[:1].lower()}{message[1:]}."
        fix = f"and {len(more)} more" if more else "docs/add-a-function.md shows one that is right"
        raise SpecError(what, fix, _where(name, place, node)) from None
    for place, what, fix in _wiring(spec):
        raise SpecError(what, fix, _where(name, place, node))
    return spec


def _where(name: str, place: Place, node: Any) -> str:
    field = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    line = _line(node, place)
    parts = [name, f"line {line}" if line else "", field]
    return ": ".join(part for part in parts if part)


def _line(node: Any, place: Place) -> int | None:
    """The line of the innermost part of the place that is written there."""
    found = node.start_mark.line + 1 if node is not None else None
    for part in place:
        inner = None
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(part)]
            found, inner = (
                (pairs[0][0].start_mark.line + 1, pairs[0][1]) if pairs else (found, None)
            )
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            inner = node.value[part]
            found = inner.start_mark.line + 1
        if inner is None:
            return found
        node = inner
    return found


def event_fields(topic: str, new: Sequence[NewEvent]) -> dict[str, bool]:
    """The fields of an event, old or new, and whether each is required."""
    for one in new:
        if one.topic == topic:
            return dict.fromkeys(one.fields, True)
    event = next(event for event in CATALOGUE.values() if event.topic == topic)
    return {name: field.is_required() for name, field in event.model_fields.items()}


def _wiring(spec: Spec) -> Any:
    """What each alone may say and all together may not: (place, what, fix)."""
    old = {event.topic for event in CATALOGUE.values()}
    known = old | {event.topic for event in spec.events}
    for number, event in enumerate(spec.events):
        if event.topic in old:
            fix = "leave it out of events: its class is in eventing/events.py"
            yield ("events", number, "topic"), f"There is an event {event.topic} already.", fix
        for word in ("says", "hears"):
            if not any(event.topic in getattr(one, word) for one in spec.functions):
                fix = f"add it to the {word} of a function here: each event has both"
                yield ("events", number), f"No function {word} {event.topic}.", fix
    for number, function in enumerate(spec.functions):
        place = ("functions", number)
        for word in ("says", "hears"):
            for topic in getattr(function, word):
                if topic not in known:
                    near = ", ".join(get_close_matches(topic, known, 3))
                    fix = "declare it under events" + (f", or name one of: {near}" if near else "")
                    yield (*place, word), f"There is no event {topic}.", fix
        have = _available(function, spec)
        for parameter in function.parameters:
            if parameter not in have:
                what = f"The query of {function.name} asks for :{parameter}."
                yield (*place, "sql"), what, f"it may ask for {', '.join(have) or 'nothing'}"
        for topic in function.says:
            for name, required in event_fields(topic, spec.events).items():
                if required and name not in {*have, *function.returns}:
                    what = f"Nothing gives {topic} its {name}."
                    fix = "let sql return it (and name it in returns)"
                    yield (*place, "says"), what, fix


def _available(function: Any, spec: Spec) -> list[str]:
    """What is at hand in a function: what it takes, or what all events it hears hold."""
    if not isinstance(function, Reaction):
        return list(function.takes)
    shared = [event_fields(topic, spec.events) for topic in function.hears]
    return [name for name in shared[0] if all(name in fields for fields in shared)]
