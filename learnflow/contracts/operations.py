"""Which operations are public, and what do they say of themselves? Decorators, manifests, texts."""

import inspect
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from learnflow.contracts.graph import story
from learnflow.manifests import Function, read_system
from learnflow.runtime.inputs import WITH_BODY
from learnflow.runtime.load import load_function
from learnflow.runtime.operation import Operation, Route
from learnflow.runtime.preconditions import if_match_field


@dataclass(frozen=True)
class Public:
    """An operation with a public URL: what it is, whose it is, and its own words."""

    operation: Operation
    service: str
    summary: str
    description: str

    @property
    def name(self) -> str:
        """The function's name, which is the operationId of its first route."""
        return self.operation.name

    @property
    def model(self) -> type[BaseModel]:
        """What it takes."""
        assert self.operation.model is not None, f"{self.name} takes no model"
        return self.operation.model

    @property
    def answers(self) -> frozenset[type[Any]]:
        """The kinds of answer its handler declares to return: Created, Changed, Done, Found."""
        returned = get_type_hints(self.operation.handler)["return"]
        union = get_origin(returned) in (Union, UnionType)
        return frozenset(get_args(returned) if union else (returned,))

    @property
    def version_field(self) -> str | None:
        """The field that If-Match fills, if there is one."""
        return if_match_field(self.model)

    @property
    def has_body(self) -> bool:
        """Whether its fields come in a JSON body."""
        return self.operation.routes[0].method in WITH_BODY

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids it cannot do without, so that an unknown one is answered with 404."""
        fields = self.model.model_fields
        return tuple(n for n in fields if n.endswith("_id") and fields[n].is_required())

    def id_of(self, route: Route) -> str:
        """The operationId of one of its routes: the name, or with what tells the route apart."""
        first = self.operation.routes[0]
        if route == first:
            return self.name
        if set(route.parameters) < set(first.parameters):
            return f"{self.name}_by_query"
        return f"{self.name}_{self.operation.routes.index(route) + 1}"


def public_operations(root: Path) -> tuple[Public, ...]:
    """Every function with a public URL, by name."""
    functions = read_system(root).functions.values()
    found = [_public(root, function) for function in functions if not function.cluster_local]
    return tuple(sorted(found, key=lambda public: public.name))


def _public(root: Path, function: Function) -> Public:
    operation = load_function(root / "functions", function.target).operation
    own = inspect.getdoc(operation.handler) or operation.name
    return Public(
        operation=operation,
        service=function.service,
        summary=own.splitlines()[0].rstrip("."),
        description=f"{' '.join(own.split())}\n\n{' '.join(story(root, function.target).split())}",
    )


def package_version(root: Path) -> str:
    """LearnFlow's version, as the project file has it."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])
