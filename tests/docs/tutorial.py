"""Following a page as a reader would: making its files, running its commands, comparing."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.system.clone import PLAIN_ENVIRONMENT

REPOSITORY: Final = Path(__file__).parents[2]
PARTS: Final = (
    *("db", "docs", "eventing", "examples", "functions", "k8s", "learnflow", "tests", "tools"),
    *("Makefile", "README.md", "pyproject.toml"),
)
_BLOCK: Final = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECONDS: Final = 60.0
_COMMANDS: Final = {
    "learnflow": ("-m", "learnflow.cli.app"),
    "pytest": ("-m", "pytest", "-p", "no:cacheprovider"),
    "python": (),
}


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it is about if any, its text."""

    language: str
    file: str
    text: str


@dataclass(frozen=True)
class Said:
    """A command of a console block, and what it is to print."""

    command: str
    expected: str


def blocks(page: Path) -> list[Block]:
    """The page's fenced blocks, in order."""
    return [Block(*found) for found in _BLOCK.findall(page.read_text("utf-8"))]


def copy_to(root: Path) -> None:
    """The repository's files at another place."""
    for part in PARTS:
        source, target = REPOSITORY / part, root / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


def write(block: Block, root: Path) -> None:
    """Make a block's file, or add a diff's lines where the diff says."""
    file = root / block.file
    if block.language != "diff":
        assert not file.exists(), f"{block.file} is there already"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, "utf-8")
        return
    lines = block.text.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] != "+")
    after = "".join(line[1:] for line in lines if line[0] != "-")
    text = file.read_text("utf-8")
    assert text.count(before) == 1, f"{block.file} has no such place: {before!r}"
    file.write_text(text.replace(before, after), "utf-8")


def session(block: Block) -> Iterator[Said]:
    """The commands of a console block, each with what follows it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield Said(command, expected.strip())


def argv(command: str) -> list[str]:
    """What is run for a documented command: the same, by the Python that runs the tests."""
    words = shlex.split(command)
    if words[:2] == ["uv", "run"]:
        return [sys.executable, *_COMMANDS[words[2]], *words[3:]]
    if words == ["make", "contracts"]:  # whose recipe is held by tests/docs/test_commands.py
        return [sys.executable, "-m", "tools.contracts"]
    assert words[0] == "curl", f"no page may ask to run {command!r} here"
    return words


def run(said: Said, root: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """The exit code and what was printed."""
    done = subprocess.run(
        argv(said.command),
        cwd=root,
        env={**PLAIN_ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def agrees(printed: str, expected: str) -> bool:
    """Whether it was printed, `…` standing for anything."""
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None
