"""Loading a function by path: found, or told what was found instead."""

import inspect
import types
from pathlib import Path

import pytest

from learnflow.runtime.load import FunctionNotFound, function_names, load_function

HELLO = '''
from learnflow.runtime import Found, Wish, query

class Ask(Wish):
    name: str = "you"

@query("GET /hello", Ask, database="students")
async def say_hello(wish, work):
    """Says hello."""
    return Found({"hello": wish.name})
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "say_hello": HELLO,
        "undecorated": "async def undecorated(request): ...",
        "misnamed": HELLO,
        "broken": "import a_module_that_is_nowhere",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text(text)
    return tmp_path


def test_a_function_is_loaded_by_its_path(folder: Path) -> None:
    function = load_function(folder, "say_hello")

    assert function.operation.name == function.__name__ == "say_hello"
    assert (function.operation.kind, function.operation.database) == ("query", "students")
    assert str(function.operation.routes[0]) == "GET /hello"
    assert function.__doc__ == "Says hello."


def test_what_is_loaded_is_a_plain_async_function_as_stock_hosts_ask_for(folder: Path) -> None:
    function: object = load_function(folder, "say_hello")

    assert isinstance(function, types.FunctionType)
    assert inspect.iscoroutinefunction(function)


def test_a_missing_function_names_those_that_are_there(folder: Path) -> None:
    with pytest.raises(FunctionNotFound, match="found: broken, misnamed, say_hello, undecorated"):
        load_function(folder, "say_helo")


@pytest.mark.parametrize("target", ["undecorated", "misnamed"])
def test_a_file_without_its_function_says_what_it_lacks(folder: Path, target: str) -> None:
    with pytest.raises(FunctionNotFound, match=f"declares no function '{target}'"):
        load_function(folder, target)


@pytest.mark.parametrize("target", ["../say_hello", "", "say-hello", "."])
def test_a_name_that_leads_elsewhere_is_not_followed(folder: Path, target: str) -> None:
    with pytest.raises(FunctionNotFound):
        load_function(folder / "say_hello", target)


def test_what_a_broken_file_raises_is_seen(folder: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_nowhere"):
        load_function(folder, "broken")


def test_the_functions_of_a_folder_are_listed(folder: Path) -> None:
    assert function_names(folder) == ["broken", "misnamed", "say_hello", "undecorated"]
