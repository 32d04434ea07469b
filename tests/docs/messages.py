"""Which messages can a command end with? Read from the code, each with `…` for what varies."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ENDING: Final = {
    *("Problem", "StartError", "AlreadyRunning", "PlaceError", "NoPort", "PostgresFailed"),
    *("ForkServerGone", "ExamplesError", "SettingsError", "Refused", "Unselectable"),
    *("CannotReplay", "NotSendable", "LogUnavailable", "Malformed", "BadData"),
    *("SpecError", "CannotGenerate", "ClusterError", "NoRoom", "NotBuilt"),
}
"""Exceptions that end a command: its own, those it explains, and those the runner answers with."""
FOLDERS: Final = (
    *("learnflow/cli", "learnflow/local", "learnflow/demo", "learnflow/evaluation"),
    *("learnflow/scaffold", "learnflow/cluster", "learnflow/web"),
    "learnflow/settings.py",
)
VARIES: Final = "…"
_NOTHING: Final = f"{VARIES} :;,.\n"


def messages(root: Path = ROOT) -> dict[str, str]:
    """By message, the file that says it."""
    found: dict[str, str] = {}
    for file, what, scope in _all(root):
        for text in _texts(what, scope):
            line = text.strip().splitlines()[0] if text.strip() else ""
            if line.strip(_NOTHING):
                found.setdefault(line, file)
    return found


def passed_on(root: Path = ROOT) -> set[str]:
    """Messages whose text is another's: the file, and the expression."""
    return {
        f"{file}: {ast.unparse(what)}"
        for file, what, scope in _all(root)
        if not any(text.strip(_NOTHING) for text in _texts(what, scope))
    }


def _all(root: Path) -> Iterator[tuple[str, ast.expr, ast.AST]]:
    for file in sorted(_files(root)):
        for scope in _scopes(ast.parse(file.read_text("utf-8"))):
            for node in ast.walk(scope):
                what = _what(node) if isinstance(node, ast.Call) and _ends(node, scope) else None
                if what is not None and not isinstance(what, ast.Starred):
                    yield file.relative_to(root).as_posix(), what, scope


def _files(root: Path) -> Iterator[Path]:
    for place in FOLDERS:
        path = root / place
        yield from path.rglob("*.py") if not path.suffix else (path,)


def _scopes(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function, with the name of the class it is a method of as `type_comment`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
            ending = bool(bases & ENDING) or node.name in ENDING
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    method.type_comment = "ending" if ending else None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _ends(call: ast.Call, scope: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether this makes such an exception, or is the `super().__init__` of one."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name == "__init__":
        return scope.type_comment == "ending"
    return name in ENDING


def _what(call: ast.Call) -> ast.expr | None:
    """The message: the first argument, or the second after a status."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    place = 1 if name == "Refused" else 0
    return call.args[place] if len(call.args) > place else None


def _texts(node: ast.expr, scope: ast.AST) -> Iterator[str]:
    """The texts that an expression can be; a name is what this function assigns to it."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[ast.FormattedValue(value=begins), *parts]):
            rest = "".join(map(_part, parts))
            for begin in list(_texts(begins, scope)) or [VARIES]:
                yield begin + rest
        case ast.JoinedStr(values=parts):
            yield "".join(map(_part, parts))
        case ast.BinOp(left=left, right=right):
            for first in _texts(left, scope):
                for second in _texts(right, scope):
                    yield first + second
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one, scope)
            yield from _texts(other, scope)
        case ast.Name(id=name):
            for each in ast.walk(scope):
                targets = each.targets if isinstance(each, ast.Assign) else ()
                if isinstance(each, ast.Assign):
                    for target in targets:
                        yield from _assigned(target, each.value, name, scope)
        case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner)):
            yield from _texts(inner, scope)  # what.splitlines()[0]
        case _:
            return


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else VARIES


def _assigned(target: ast.expr, value: ast.expr, name: str, scope: ast.AST) -> Iterator[str]:
    if isinstance(target, ast.Name) and target.id == name:
        yield from _texts(value, ast.Module([], []))
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from _assigned(one, other, name, scope)
