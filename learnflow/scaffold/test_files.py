"""The test of a new function: what it answers is as its contract says, what it says is heard."""

import json

from learnflow.scaffold.python_files import event_class, imports
from learnflow.scaffold.spec import OWN, Function, Query, Reaction

_REGISTERED = {
    "student": 'await world.do("register_student", name="Ada", grade=7, subject="physics")',
    "tutor": 'await world.do("register_tutor", name="Emmy", subjects=["physics"])',
}


def test(function: Function) -> str:
    """tests/functions/test_<name>.py."""
    needs = [("tests.flow.world", "World")]
    if isinstance(function, Reaction):
        body = _reaction(function, needs)
    elif function.kind == "stream":
        body = _stream(function, needs)
    else:
        body = _asked(function, needs)
    return f'"""{function.summary}"""\n\n{imports(needs)}\n\n{body}'


def _asked(function: Function, needs: list[tuple[str, str]]) -> str:
    needs.append(("tests.contracts.caller", "Caller"))
    body, query = _sent(function)
    unknown = (
        f"async def test_{function.name}_of_an_unknown_{function.noun}_is_not_found(\n"
        f"    world: World,\n) -> None:\n"
        f"{_call(function, body, query, chr(34) + 'nobody' + chr(34))}"
        f"    assert answer.status == 404\n"
    )
    if not function.path_ids:
        return _well(function, body, query)
    if function.known_id is None or len(function.path_ids) > 1:
        return unknown
    return f"{_well(function, body, query)}\n\n{unknown}"


def _well(function: Function, body: str, query: str) -> str:
    noun = OWN.get(function.service, "")
    first = f"    {noun} = {_REGISTERED[noun]}\n" if function.known_id else ""
    call = _call(function, body, query, f"{noun}.id")
    text = f"async def test_{function.name}_answers_as_its_contract_says(world: World) -> None:\n"
    text += first + ("    await world.collect()\n" if function.says else "") + call
    if isinstance(function, Query):
        if function.list and not function.path_ids:
            return f'{text}    assert answer.json == {{"{function.list}": []}}\n'
        keys = json.dumps(sorted([function.list] if function.list else function.shows))
        return f"{text}    assert sorted(answer.json) == {keys}\n"
    text += "    assert answer.status == 204\n"
    if function.says:
        text += "    said = [one.event.topic for one in await world.collect()]\n"
        text += f"    assert said == {json.dumps(list(function.says))}\n"
    return text


def _sent(function: Function) -> tuple[str, str]:
    """The body and the query string of an example."""
    given = {
        name: kind.example
        for name, kind in function.takes.items()
        if name not in function.path_ids and not kind.optional
    }
    if function.route.startswith(("GET", "DELETE")):
        pairs = "&".join(
            f"{name}={json.dumps(value).strip(chr(34))}" for name, value in given.items()
        )
        return "", f"?{pairs}" if pairs else ""
    return (repr(given) if given or not function.path_ids else ""), ""


def _call(function: Function, body: str, query: str, id_code: str) -> str:
    ids = ", ".join(f'"{name}": {id_code}' for name in function.path_ids)
    rest = [f'"{function.name}"', *([body] if body else [])]
    rest += [f'query="{query}"'] if query else []
    rest += [f"ids={{{ids}}}"] if ids else []
    return f"    answer = await Caller(world)({', '.join(rest)})\n"


def _reaction(function: Reaction, needs: list[tuple[str, str]]) -> str:
    heard = [event_class(topic) for topic in function.hears]
    needs += [("eventing.events", one) for one in (*heard, "Event")]
    needs += [("eventing.examples", "example"), ("tests.flow.world", "Said"), ("", "pytest")]
    text = (
        f'@pytest.mark.parametrize("event", [{", ".join(heard)}])\n'
        f"async def test_{function.name}_hears_an_event_once(\n"
        "    world: World, event: type[Event]\n) -> None:\n"
        '    said = Said("learnflow/elsewhere", "e1", event.model_validate(example(event)))\n'
        f'    assert await world.hear("{function.name}", said) == "done"\n'
    )
    if function.says and not function.returns:
        text += "    told = [one.event.topic for one in await world.collect()]\n"
        text += f"    assert told == {json.dumps(list(function.says))}\n"
    text += f'    assert await world.hear("{function.name}", said) == "duplicate"\n'
    return text


def _stream(function: Function, needs: list[tuple[str, str]]) -> str:
    needs += [("learnflow.runtime.app", "application"), ("learnflow.settings", "Settings")]
    needs.append(("tests.runtime.calling", "call"))
    noun, parameter = OWN[function.service], function.path_ids[0]
    path = function.route.removeprefix("GET ")
    return (
        f"async def test_{function.name}_streams_to_whom_it_knows(world: World) -> None:\n"
        f"    {noun} = {_REGISTERED[noun]}\n"
        f'    operation, database = world.operations["{function.name}"], '
        f'world.open["{function.database}"]\n'
        "    app = application(operation, Settings(stream_seconds=0.1), database=database)\n"
        f'    path = "{path}"\n'
        f"    for known, status in (({noun}.id, 200), "
        '("nobody", 404)):\n'
        f'        sent = path.replace("{{{parameter}}}", known)\n'
        '        assert (await call(app, "GET", sent, patient=True)).status == status\n'
        "    await app.instance.close()\n"
    )
