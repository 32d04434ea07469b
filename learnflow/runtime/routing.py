"""Does this request reach the operation? Paths, methods, and what the path says."""

from typing import Final

from learnflow.runtime.exchange import Exchange, Headers
from learnflow.runtime.operation import Operation, Parameters
from learnflow.runtime.problems import Refused

_NONE: Final[Parameters] = {}


class NotAllowed(Refused):
    """The path exists, the method does not; `allow` is the header that says which do."""

    def __init__(self, allow: Headers) -> None:
        super().__init__(405, "Method Not Allowed")
        self.allow = allow


def parameters_of(operation: Operation, exchange: Exchange) -> Parameters:
    """The path's parameters. Raises Refused 404 or NotAllowed 405.

    A function answers on `/` and on its REST paths; a reaction on any path, since a 404 to a
    delivery means "try again" to Knative and "drop it" to Dapr.
    """
    method, path = exchange.method, exchange.path
    asked = "GET" if method == "HEAD" else method
    if path == "/" or operation.kind == "reaction":
        if asked in operation.methods:
            return _NONE
        raise NotAllowed(allow_header(operation))
    known = False
    for route in operation.routes:
        if match := route.pattern.fullmatch(path):
            if route.method == asked:
                return match.groupdict() if route.parameters else _NONE
            known = True
    if known:
        raise NotAllowed(allow_header(operation))
    raise Refused(404, "Not Found", "this function answers on / and on its REST paths")


def allow_header(operation: Operation) -> Headers:
    """`Allow`, with the HEAD and OPTIONS that come by themselves."""
    return ((b"allow", ", ".join(allowed(operation)).encode()),)


def allowed(operation: Operation) -> list[str]:
    """The methods it answers, HEAD and OPTIONS included."""
    methods = list(operation.methods)
    if "GET" in methods:
        methods.append("HEAD")
    return [*methods, "OPTIONS"]
