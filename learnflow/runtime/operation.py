"""What is an operation? Its name, routes, input, database and handler, as one declared value."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from pydantic import BaseModel

from eventing.events import Event
from learnflow.runtime.exchange import Exchange, Reply, Streaming

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from learnflow.runtime.instance import Instance

Kind = Literal["command", "query", "reaction", "stream"]
Handler = Callable[[Any, Any], Awaitable[Any]]
Answer = Reply | Streaming
Parameters = Mapping[str, str]
_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template: `DELETE /api/students/{student_id}`."""

    method: str
    path: str
    pattern: re.Pattern[str] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> "Route":
        """Read `METHOD /path`. Raises ValueError for anything else."""
        method, _, path = text.strip().partition(" ")
        if not (method.isupper() and path.startswith("/")):
            raise ValueError(f"a route reads 'METHOD /path', not {text!r}")
        return cls(method, path, re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path)))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the template, in order."""
        return tuple(self.pattern.groupindex)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One function: what it is called, what it takes, where it remembers and how it runs."""

    name: str
    kind: Kind
    routes: tuple[Route, ...]
    handler: Handler
    perform: "Perform"
    model: type[BaseModel] | None = None
    hears: tuple[type[Event], ...] = ()
    database: str | None = None
    creates: str | None = None
    shows: type[BaseModel] | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods it takes, of all its routes."""
        return tuple(dict.fromkeys(route.method for route in self.routes))


class Perform(Protocol):
    """How a kind of operation runs: checked parameters in, a reply out."""

    def __call__(
        self,
        operation: Operation,
        exchange: Exchange,
        instance: "Instance",
        parameters: Parameters,
        /,
    ) -> Awaitable[Answer]: ...


class Function(Protocol):
    """What a decorator leaves: a plain async function for any host, with its operation."""

    __name__: str
    operation: Operation

    def __call__(self, request: "Request", /) -> Awaitable["Response"]: ...
