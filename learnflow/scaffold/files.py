"""All files that a specification asks for, as texts: new ones, and lists that get a line more."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from learnflow.scaffold import components, manifests, python_files, query_files, test_files
from learnflow.scaffold.manifests import SERVICES, SOURCES, SUBSCRIPTIONS, TOPICS, Read
from learnflow.scaffold.reading import SpecError
from learnflow.scaffold.spec import Function, NewEvent, Query, Spec

_CATALOGUE: Final = "eventing/events.py"
_EXAMPLES: Final = "eventing/examples.py"


def files(spec: Spec, root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The new files and the changed ones, by path. Raises SpecError when a new one is there."""

    def read(name: str) -> str:
        return (root / name).read_text("utf-8")

    new: dict[str, str] = {}
    for function in spec.functions:
        made = _of_function(function, spec, read)
        if twice := made.keys() & new.keys():
            raise SpecError(
                f"Two functions would make {min(twice)}.", "give each a name of its own"
            )
        new |= made
    for event in spec.events:
        new |= _of_event(event, read)
    for name in sorted(new):
        if (root / name).exists():
            fix = "choose another name, or remove what is there: nothing is ever overwritten"
            raise SpecError(f"{name} is there already.", fix)
    return new, _changed(spec, new, read) | components.changed(spec, root, read)


def _of_function(function: Function, spec: Spec, read: Read) -> dict[str, str]:
    made = {
        f"functions/{function.name}/main.py": python_files.main(function, spec),
        f"tests/functions/test_{function.name}.py": test_files.test(function),
        f"{SERVICES}/{manifests.hyphened(function.name)}.yaml": manifests.service(function, read),
    }
    made |= manifests.deliveries(function, read)
    if function.sql:
        made[f"db/{function.database}/{function.name}.py"] = query_files.queries(function, spec)
    if isinstance(function, Query):
        made[f"learnflow/views/{function.name}.py"] = query_files.view(function)
    return made


def _of_event(event: NewEvent, read: Read) -> dict[str, str]:
    kept = {
        "type": f"org.learnflow.{event.topic}.v1",
        "topic": event.topic,
        "key": event.key,
        "examples": [{name: kind.example for name, kind in event.fields.items()}],
    }
    return {
        f"{TOPICS}/{event.topic}.yaml": manifests.topic(event, read),
        f"tests/eventing/golden/{kept['type']}.json": json.dumps(kept, indent=2) + "\n",
    }


def _changed(spec: Spec, new: Iterable[str], read: Read) -> dict[str, str]:
    changed: dict[str, str] = {}
    for folder in (SERVICES, SOURCES, SUBSCRIPTIONS, TOPICS):
        names = [Path(name).name for name in new if Path(name).parent.as_posix() == folder]
        if names:
            listing = f"{folder}/kustomization.yaml"
            changed[listing] = listed(read(listing), names)
    if spec.events:
        changed[_CATALOGUE] = _with_classes(read(_CATALOGUE), spec.events)
        values = {name: kind.example for one in spec.events for name, kind in one.fields.items()}
        examples = _with_values(read(_EXAMPLES), values)
        changed |= {_EXAMPLES: examples} if examples is not None else {}
    return changed


def listed(text: str, names: Iterable[str]) -> str:
    """A kustomization whose resources hold these names too, in order."""
    head, mark, items = text.partition("resources:\n")
    lines = re.findall(r"^- .*\n", items, re.MULTILINE)
    if not mark or "".join(lines) != items:
        fix = "give it one list named resources, last, an item a line"
        raise SpecError("A kustomization.yaml cannot be added to.", fix)
    return head + mark + "".join(sorted({*lines, *(f"- {name}\n" for name in names)}))


def _with_classes(text: str, events: Iterable[NewEvent]) -> str:
    classes, names = "", ""
    for event in events:
        key = "" if event.key == "student_id" else f', key="{event.key}"'
        classes += f'class {event.name}(Event, topic="{event.topic}"{key}):\n'
        classes += f'    """{event.summary}"""\n\n{python_files.fields_of(event.fields)}\n\n'
        names += f"        {event.name},\n"
    text = _put_before(text, "CATALOGUE: Final", classes)
    return _put_before(text, '    )\n}\n"""Every event by its', names)


def _with_values(text: str, values: dict[str, Any]) -> str | None:
    """The module with a value for each field that has none; None when all have."""
    have = set(re.findall(r'^    "(\w+)":', text, re.MULTILINE))
    more = "".join(
        f"    {name!r}: {value!r},\n" for name, value in values.items() if name not in have
    )
    return _put_before(text, '}\n"""A value for each field name', more) if more else None


def _put_before(text: str, place: str, more: str) -> str:
    if text.count(place) != 1:
        what = f"The catalogue of events has no place {place.splitlines()[0]!r} to add to."
        raise SpecError(what, "add the event by hand: docs/add-a-function.md, Other kinds")
    return text.replace(place, more + place)
