"""Which function a request is for: by host name, by path, by REST route."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from learnflow.manifests import Function

HOST_SUFFIX: Final = ".learnflow.localhost"
_FORWARDED_AS: Final = {"HEAD": "GET"}


@dataclass(frozen=True, slots=True)
class Target:
    """A function and the path (with query) it is to see."""

    function: Function
    path: str


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The path is known, the method is not; `allow` holds those that are."""

    allow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is there; `nearest` are paths that look alike."""

    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one function is reached; `path` None when it is cluster-local."""

    function: str
    path: str | None
    routes: tuple[str, ...]


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    methods: dict[str, Function] = field(default_factory=dict)


class Routes:
    """The routing table of a system's functions."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self._root = _Node()
        self._paths: list[str] = []
        for function in functions.values():
            self._paths.append(f"/{function.name}")
            for route in function.routes:
                self._paths.append(route.path)
                self._add(route.path).methods[route.method] = function

    def find(
        self, method: str, target: str, host: str | None, preflight_for: str | None = None
    ) -> Target | NotAllowed | Unknown:
        """The function for a request line; `preflight_for` is the method a preflight asks about."""
        if host is not None and (function := self._by_host(host)) is not None:
            return Target(function, target)
        path, mark, query = target.partition("?")
        first, _, rest = path[1:].partition("/")
        if first in self._functions:
            return Target(self._functions[first], f"/{rest}{mark}{query}")
        node = self._match(self._root, path[1:].split("/"))
        if node is None:
            return Unknown(self._nearest(path))
        found = self._for_method(node, method, preflight_for)
        return NotAllowed(tuple(sorted(node.methods))) if found is None else Target(found, target)

    def methods(self, target: str, host: str | None) -> tuple[str, ...]:
        """What a path takes of all its functions together; none for a function's own address."""
        path = target.partition("?")[0]
        own = path[1:].partition("/")[0] in self._functions
        if own or (host is not None and self._by_host(host) is not None):
            return ()
        node = self._match(self._root, path[1:].split("/"))
        if node is None:
            return ()
        head = ("HEAD",) if "GET" in node.methods else ()
        return (*sorted(node.methods), *head, "OPTIONS")

    def entries(self) -> list[Entry]:
        """Every function and where it is reached, for people."""
        return [
            Entry(
                function.name,
                None if function.cluster_local else f"/{function.name}",
                tuple(f"{route.method} {route.path}" for route in function.routes),
            )
            for function in self._functions.values()
        ]

    def _by_host(self, host: str) -> Function | None:
        name = host.lower().partition(":")[0].rstrip(".")
        if not name.endswith(HOST_SUFFIX):
            return None
        return self._functions.get(name.removesuffix(HOST_SUFFIX))

    def _add(self, path: str) -> _Node:
        node = self._root
        for segment in path[1:].split("/"):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, _Node())
        return node

    def _match(self, node: _Node, segments: list[str]) -> _Node | None:
        if not segments:
            return node if node.methods else None
        literal = node.children.get(segments[0])
        if literal is not None and (found := self._match(literal, segments[1:])) is not None:
            return found
        if node.parameter is None or not segments[0]:
            return None
        return self._match(node.parameter, segments[1:])

    @staticmethod
    def _for_method(node: _Node, method: str, preflight_for: str | None) -> Function | None:
        if method == "OPTIONS" and method not in node.methods:
            known: Iterable[Function] = node.methods.values()
            return node.methods.get(preflight_for or "") or next(iter(known))
        return node.methods.get(method) or node.methods.get(_FORWARDED_AS.get(method, ""))

    def _nearest(self, path: str) -> tuple[str, ...]:
        return tuple(difflib.get_close_matches(path, self._paths, n=3, cutoff=0.4))
