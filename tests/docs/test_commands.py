"""What the pages tell to type: every command, option, target and URL is there."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from learnflow.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_CODE = re.compile(r"^```(?:sh|console)\n(.*?)^```$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
_OTHERS = ("PUT", "GET", "DELETE", "POST")


def lines(page: Path) -> Iterator[str]:
    """What is set as code: the lines of shell blocks, and single spans."""
    for block, span in _CODE.findall(page.read_text("utf-8")):
        text = re.sub(r"\\\n\s*", " ", block or span)
        yield from (re.sub(r"\s+#.*$", "", line.removeprefix("$ ")) for line in text.splitlines())


def commands(page: Path) -> list[list[str]]:
    """The words after `learnflow` of each documented command."""
    matches = (re.match(r"(?:uv run )?learnflow ((?:[a-z-]|--).*)", line) for line in lines(page))
    texts = (match[1].replace("…", "X").replace("'", '"') for match in matches if match)
    return [shlex.split(text) for text in texts]


def resolved(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words after it. Raises LookupError."""
    command: Any = typer.main.get_command(app)
    rest = [word for word in words if word != "--debug"]
    while hasattr(command, "commands"):
        if not rest or rest[0] == "X":
            return command, []
        if rest[0] not in command.commands:
            raise LookupError(f"learnflow has no command {' '.join(words)}")
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def documented() -> list[tuple[str, list[str]]]:
    return [(page.name, words) for page in PAGES for words in commands(page)]


def test_every_documented_command_exists_with_its_options() -> None:
    found = documented()
    assert len(found) > 50
    for page, words in found:
        exists(page, words)


def exists(page: str, words: list[str]) -> None:
    """Fails for an option that the command does not have, and for a word that it does not take."""
    command, rest = resolved(words)
    known = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    assert given <= known, f"{page}: learnflow {' '.join(words)}"
    takes_words = any(p.param_type_name == "argument" for p in command.params)
    bare = [word for word in rest if not word.startswith("-") and word != "X"]
    assert takes_words or not bare or given, f"{page}: learnflow {' '.join(words)}"


def test_a_command_that_is_not_there_is_noticed() -> None:
    with pytest.raises(LookupError, match="no command events forget"):
        resolved(["events", "forget"])


def test_every_command_is_in_the_readme() -> None:
    group: Any = typer.main.get_command(app)
    shown = {words[0] for words in commands(ROOT / "README.md")}
    assert set(group.commands) - shown == set()


def test_every_make_target_of_the_pages_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {m[1] for page in PAGES for line in lines(page) if (m := re.match(r"make (\w+)", line))}
    assert named
    assert named - {"TARGET"} <= targets


def test_make_contracts_does_what_the_tutorial_s_test_does() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\ncontracts:")[2].split("\n")[1]
    assert recipe.endswith("$(PYTHON) -m tools.contracts")


def urls(page: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Method, path and headers of each documented request."""
    for line in lines(page):
        if line.startswith("curl "):
            words = shlex.split(line.replace("…", "X"))
            url = next(word for word in words if word.startswith("http"))
            headers = [words[i + 1].lower() for i, word in enumerate(words) if word == "-H"]
            yield "post" if "-d" in words else "get", url.partition("8080")[2], headers
        elif match := re.match(rf"({'|'.join(_OTHERS)}) (/api/\S+)$", line):
            yield match[1].lower(), match[2], []


def test_every_request_of_the_pages_is_in_openapi() -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))["paths"]
    patterns = {
        re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))): operations
        for path, operations in paths.items()
    }
    asked = [(page, *request) for page in PAGES for request in urls(page)]
    assert len(asked) > 10
    for page, method, path, _ in asked:
        if path == "/api/waiting":  # the tutorial's own
            continue
        known = [o for p, o in patterns.items() if p.fullmatch(path.partition("?")[0])]
        assert any(method in operations for operations in known), f"{page.name}: {method} {path}"


def test_every_link_between_the_pages_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150
