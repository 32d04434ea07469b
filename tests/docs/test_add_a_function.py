"""docs/add-a-function.md, followed step by step in a copy of the repository."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.tutorial import (
    REPOSITORY,
    Block,
    Said,
    agrees,
    blocks,
    copy_to,
    run,
    session,
    write,
)
from tests.eventually import eventually_sync
from tests.system.clone import PLAIN_ENVIRONMENT, end

PAGE = REPOSITORY / "docs" / "add-a-function.md"
DOCUMENTED = "http://127.0.0.1:8080"
SECONDS = 30.0


@contextmanager
def serving(root: Path, environment: dict[str, str]) -> Iterator[str]:
    """`learnflow up` in the copy, on a free port: its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "learnflow.cli.app", "up", "--json", "--port", str(port)],
        cwd=root,
        env={**PLAIN_ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("{"):
                yield json.loads(line)["gateway"]
                return
        raise AssertionError(f"up ended: {printed}")
    finally:
        down = Said("uv run learnflow down --wipe", "")
        run(down, root, environment)
        end(process)


@pytest.mark.timeout(240)
def test_the_page_holds_what_it_promises() -> None:
    folder = Path(tempfile.mkdtemp(prefix="lf-page-", dir="/tmp"))
    folder.chmod(0o755)  # as root, Postgres runs under another user
    root, environment = folder / "learnflow", {"XDG_STATE_HOME": str(folder / "state")}
    try:
        copy_to(root)
        for block in blocks(PAGE):
            follow(block, root, environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def follow(block: Block, root: Path, environment: dict[str, str]) -> None:
    """Do what a block says; what follows `learnflow up` is asked of the running system."""
    if block.file:
        write(block, root)
    elif block.language == "console":
        asks = [said for said in session(block) if said.command.startswith("curl")]
        if asks:
            with serving(root, environment) as url:
                for said in asks:
                    answered(said, url, root, environment)
        else:
            for said in session(block):
                code, printed = run(said, root, environment)
                assert code == 0, printed
                assert agrees(printed, said.expected), f"{said.command} printed:\n{printed}"


def answered(said: Said, url: str, root: Path, environment: dict[str, str]) -> None:
    """What was done before may still be under way: a question is asked again until it agrees."""
    asked = Said(said.command.replace(DOCUMENTED, url), said.expected)
    printed = [""]

    def answer() -> bool:
        printed.append(run(asked, root, environment)[1])
        return agrees(printed[-1], said.expected)

    if " -d " in said.command:
        assert answer(), printed[-1]
    else:
        eventually_sync(answer, SECONDS, every=0.2, message=said.command)


def test_what_is_printed_may_differ_where_the_page_says_so_and_nowhere_else() -> None:
    assert agrees("41 manifests, 30 lints, 0 findings", "… manifests, … lints, 0 findings")
    assert not agrees("41 manifests, 30 lints, 1 findings", "… manifests, … lints, 0 findings")
    assert not agrees("", "1 passed")


def test_a_file_that_the_page_makes_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "here.py").touch()
    with pytest.raises(AssertionError, match="is there already"):
        write(Block("python", "here.py", "x = 1\n"), tmp_path)


def test_a_line_is_added_where_the_page_says_and_only_there(tmp_path: Path) -> None:
    file = tmp_path / "list.yaml"
    file.write_text("- a\n- c\n", "utf-8")
    write(Block("diff", "list.yaml", " - a\n+- b\n"), tmp_path)
    assert file.read_text("utf-8") == "- a\n- b\n- c\n"
    with pytest.raises(AssertionError, match="no such place"):
        write(Block("diff", "list.yaml", " - x\n+- y\n"), tmp_path)
