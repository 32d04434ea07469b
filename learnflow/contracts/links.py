"""What can be asked next? An id in an answer leads to every operation whose path takes that id."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from learnflow.contracts.operations import Public
from learnflow.contracts.schemas import Components, Schema, not_null

_DEPTH: Final = 3


def links(
    public: Public, response: dict[str, Any], others: Sequence[Public], components: Components
) -> dict[str, Any]:
    """The links of one good response, by the operationId they lead to."""
    content = response.get("content", {}).get("application/json")
    if content is None:
        return {}
    pointers: dict[str, str] = {}
    for name, pointer in ids_in(content["schema"], components):
        pointers.setdefault(name, pointer)
    return {
        other.name: _link(other, pointers, "ETag" in response["headers"])
        for other in others
        if other.name != public.name and _parameters(other) and _parameters(other) <= set(pointers)
    }


def ids_in(
    schema: Schema, components: Components, pointer: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """The ids in an answer, each with its JSON pointer, the outermost first."""
    schema = components.resolved(not_null(schema))
    inside = []
    for name, below in schema.get("properties", {}).items():
        below = components.resolved(not_null(below))
        if name.endswith("_id") and below.get("type") == "string":
            yield name, f"{pointer}/{name}"
        elif below.get("type") == "array":
            inside.append((below["items"], f"{pointer}/{name}/0"))
        else:
            inside.append((below, f"{pointer}/{name}"))
    if depth < _DEPTH:
        for below, place in inside:
            yield from ids_in(below, components, place, depth + 1)


def _parameters(public: Public) -> set[str]:
    return set(public.operation.routes[0].parameters)


def _link(other: Public, pointers: dict[str, str], tagged: bool) -> dict[str, Any]:
    needed = sorted(_parameters(other))
    given = {f"path.{name}": f"$response.body#{pointers[name]}" for name in needed}
    if other.version_field:
        outermost = all(pointers[name].count("/") == 1 for name in needed)
        given["header.If-Match"] = "$response.header.ETag" if tagged and outermost else "*"
    return {"operationId": other.name, "description": other.summary, "parameters": given}
