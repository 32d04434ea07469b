"""How is a function declared? Four decorators; what they leave, any host of functions can serve."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from db.unit_of_work import Unit
from eventing.events import Event
from learnflow.runtime.answers import CommandAnswer, Found
from learnflow.runtime.operation import Function, Operation, Route
from learnflow.runtime.stock import served_by_any_host

Wish = TypeVar("Wish", bound=BaseModel)


def command(
    routes: str, model: type[Wish], *, database: str, creates: str | None = None
) -> Callable[[Callable[[Wish, Unit], Awaitable[CommandAnswer]]], Function]:
    """A function that changes something: `@command("POST /api/students", RegisterStudent, ...)`.

    `routes` as in the manifest's annotation, commas between several. `creates="student"` names the
    resource whose id and links a Created answer tells.
    """
    from learnflow.runtime import commands

    def declare(handler: Callable[[Wish, Unit], Awaitable[CommandAnswer]]) -> Function:
        operation = Operation(
            name=handler.__name__,
            kind="command",
            routes=_routes(routes),
            handler=handler,
            perform=commands.perform,
            model=model,
            database=database,
            creates=creates,
        )
        return served_by_any_host(operation)

    return declare


def query(
    routes: str, model: type[Wish], *, database: str, shows: type[BaseModel] | None = None
) -> Callable[[Callable[[Wish, Unit], Awaitable[Found]]], Function]:
    """A function that only looks; its model holds path and query parameters.

    `shows=StudentView` names what a found answer looks like, for the contracts; the wire is not
    checked against it.
    """
    from learnflow.runtime import queries

    def declare(handler: Callable[[Wish, Unit], Awaitable[Found]]) -> Function:
        operation = Operation(
            name=handler.__name__,
            kind="query",
            routes=_routes(routes),
            handler=handler,
            perform=queries.perform,
            model=model,
            database=database,
            shows=shows,
        )
        return served_by_any_host(operation)

    return declare


def reaction(
    *hears: type[Event], database: str
) -> Callable[[Callable[[Any, Unit], Awaitable[None]]], Function]:
    """A function that answers events; each is applied at most once."""
    from learnflow.runtime import reactions

    def declare(handler: Callable[[Any, Unit], Awaitable[None]]) -> Function:
        operation = Operation(
            name=handler.__name__,
            kind="reaction",
            routes=(Route.parse("POST /"),),
            handler=handler,
            perform=reactions.perform,
            hears=hears,
            database=database,
        )
        return served_by_any_host(operation)

    return declare


def stream(
    routes: str, model: type[Wish], *, database: str, shows: type[BaseModel] | None = None
) -> Callable[[Any], Function]:
    """A function that shows a recipient's notifications as they come; `shows` is one of them.

    Its handler takes `(wish, feed: Feed)` and returns `feed.rows(recipient_id, reader)`.
    """
    from learnflow.runtime import streams

    def declare(handler: Callable[[Wish, streams.Feed], Awaitable[streams.Rows]]) -> Function:
        operation = Operation(
            name=handler.__name__,
            kind="stream",
            routes=_routes(routes),
            handler=handler,
            perform=streams.perform,
            model=model,
            database=database,
            shows=shows,
        )
        return served_by_any_host(operation)

    return cast(Callable[[Any], Function], declare)


def _routes(text: str) -> tuple[Route, ...]:
    return tuple(Route.parse(route) for route in text.split(","))
