"""Where is the function that was asked for? Loaded by path, as the container and the runner do."""

import importlib.util
import sys
from pathlib import Path
from types import FunctionType
from typing import cast

from learnflow.runtime.operation import Function, Operation


class FunctionNotFound(Exception):
    """No such function; the text names those that were found."""


def load_function(folder: Path, target: str) -> Function:
    """The function `target` of `folder/target/main.py`. Raises FunctionNotFound.

    What the file itself raises while it is loaded passes through.
    """
    file = folder / target / "main.py"
    if not target.isidentifier() or not file.is_file():
        raise FunctionNotFound(f"no function {target!r} in {folder}; {_found(folder)}")
    name = f"functions.{target}.main"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise FunctionNotFound(f"{file} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    function = getattr(module, target, None)
    if not isinstance(function, FunctionType) or not isinstance(
        getattr(function, "operation", None), Operation
    ):
        raise FunctionNotFound(
            f"{file} declares no function {target!r}: decorate `async def {target}` with command, "
            "query, reaction or stream"
        )
    return cast(Function, function)


def function_names(folder: Path) -> list[str]:
    """The functions of a folder, sorted: each is a folder with a main.py."""
    return sorted(file.parent.name for file in folder.glob("*/main.py"))


def _found(folder: Path) -> str:
    names = function_names(folder)
    return f"found: {', '.join(names)}" if names else "found none there"
