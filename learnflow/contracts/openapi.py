"""What are the URLs? One OpenAPI 3.1 document, made from the operations themselves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from learnflow.contracts import problems
from learnflow.contracts.links import links
from learnflow.contracts.operations import Public, package_version, public_operations
from learnflow.contracts.parameters import SHARED, parameters, request_body
from learnflow.contracts.responses import HEADERS, responses
from learnflow.contracts.schemas import Components
from learnflow.runtime.operation import Route

_ABOUT: Final = """\
LearnFlow matches students with tutors. Each operation is one function; its operationId is the \
function's name. Generated from the functions (`make contracts`); do not edit.

- **Authentication**: none yet. Everybody may call everything; a match's id, 128 random bits, is \
what keeps a match to those who were told of it.
- **Refusals** are RFC 9457 problem documents. A method that a path does not have is answered with \
405 and `Allow`; HEAD works wherever GET does, OPTIONS everywhere.
- **Commands** take an `Idempotency-Key`, so that repeating one is safe. Changes need `If-Match`.
- **Numbers** in JSON are written without fraction or exponent where the schema says integer.
- **Functions directly**: each also answers on `/` of its own host, with what is in the path here \
as fields of the body or the query.
- **Events**, not URLs, connect the functions: see asyncapi.json.
"""
_SERVERS: Final = [{"url": "/", "description": "The gateway that served this document."}]


def document(root: Path) -> dict[str, Any]:
    """The OpenAPI document of the functions below `root`."""
    found = public_operations(root)
    components = Components()
    components.named("Problem", problems.PROBLEM)
    paths = _paths(found, components)
    _link(found, paths, components)
    kinds = {public.ids[-1].removesuffix("_id") for public in found if public.ids}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LearnFlow",
            "version": package_version(root),
            "summary": "Students, tutors and their matches.",
            "description": _ABOUT,
        },
        "servers": _SERVERS,
        "security": [],
        "tags": _tags(found),
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.schemas.items())),
            "parameters": SHARED,
            "headers": HEADERS,
            "responses": problems.responses(kinds),
        },
    }


def _tags(found: Sequence[Public]) -> list[dict[str, str]]:
    owned = sorted({(public.service, public.operation.database) for public in found})
    return [{"name": service, "description": f"Functions over {db}_db."} for service, db in owned]


def _paths(found: Sequence[Public], components: Components) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for public in found:
        for route in public.operation.routes:
            item = paths.setdefault(route.path, {})
            item[route.method.lower()] = _operation(public, route, components)
    return {path: dict(sorted(paths[path].items())) for path in sorted(paths)}


def _operation(public: Public, route: Route, components: Components) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": public.id_of(route),
        "summary": public.summary,
        "description": public.description,
        "tags": [public.service],
        "parameters": parameters(public, route, components),
    }
    body = request_body(public, route, components)
    if body is not None:
        made["requestBody"] = body
    made["responses"] = responses(public, components)
    return made


def _link(found: Sequence[Public], paths: dict[str, Any], components: Components) -> None:
    """Put the links in, once every schema is known."""
    for public in found:
        for route in public.operation.routes:
            said = paths[route.path][route.method.lower()]["responses"]
            for status, response in said.items():
                leading = links(public, response, found, components) if status < "300" else {}
                if leading:
                    response["links"] = leading
