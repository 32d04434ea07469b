"""The heavy fork server has models parsed before a process needs one, and survives bad ones."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from learnflow.local.forkserver import ForkServer, Spawn
from learnflow.local.preload import HEAVY, WARM
from learnflow.ranking.learned.artifact import Artifact
from learnflow.ranking.model_files import KEPT, ModelFiles
from tests.eventually import eventually
from tests.ranking.learned.conftest import artifact, learned_rows
from tests.ranking.learned.test_one_thread import HEAVY as PACKAGES

__all__ = ["artifact", "learned_rows"]
ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="lf-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Heavy:
    """A heavy fork server over a folder of model files."""

    def __init__(self, server: ForkServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.files = ModelFiles(folder / "models")

    async def facts(self) -> dict[str, Any]:
        """What a child finds."""
        reading, writing = os.pipe()
        spawn = Spawn("models", "", writing, entry="tests.local.programs:models")
        child = await self.server.fork(spawn)
        os.close(writing)
        with os.fdopen(reading) as text:
            written = await asyncio.to_thread(text.read)
        assert await child.wait() == 0, written
        found: dict[str, Any] = json.loads(written)
        return found

    async def has(self, model_id: str) -> dict[str, Any]:
        """What a child finds once this model is parsed."""

        async def there() -> dict[str, Any] | None:
            found = await self.facts()
            return found if model_id in found["parsed"] else None

        return await eventually(there, 15, message=(self.folder / "log").read_text())


@pytest.fixture
async def heavy(folder: Path) -> AsyncIterator[Heavy]:
    environment = {"PATH": os.defpath}
    light = await ForkServer.start(
        ROOT, log=folder / "log", environment=environment, report=lambda _: None, preload=()
    )
    server = await light.fork_server("match", preload=HEAVY, idle=(WARM, str(folder / "models")))
    yield Heavy(server, folder)
    await light.stop()


@LINUX
async def test_a_model_that_appears_is_parsed_in_one_thread_and_its_children_predict(
    heavy: Heavy, artifact: Artifact
) -> None:
    heavy.files.keep(artifact.id, artifact.packed())
    found = await heavy.has(artifact.id)
    assert found["scored"] == [5000]
    assert found["threads"] == 1
    assert {"lightgbm", "numpy"} <= set(found["packages"])
    assert not {*PACKAGES, "prometheus_client"} & set(found["packages"])


async def test_bad_files_are_told_once_and_a_good_one_is_still_parsed(
    heavy: Heavy, artifact: Artifact
) -> None:
    pid = heavy.server.pid
    heavy.files.keep("learned-0", b"no model")
    heavy.files.keep("learned-1", artifact.packed()[:1000])
    log = heavy.folder / "log"
    await eventually(lambda: log.read_text().count("is no model to serve") == 2 or None, 15)
    heavy.files.keep(artifact.id, artifact.packed())
    await heavy.has(artifact.id)
    assert heavy.server.pid == pid
    assert log.read_text().count("is no model to serve") == 2


async def test_what_fails_when_idle_is_told_once_and_forks_go_on(folder: Path) -> None:
    light = await ForkServer.start(
        ROOT, log=folder / "log", environment={"PATH": os.defpath}, report=print, preload=()
    )
    server = await light.fork_server("match", preload=(), idle=("tests.local.nothing:here", ""))
    log = folder / "log"
    await eventually(lambda: "No module named 'tests.local.nothing'" in log.read_text() or None)
    with log.open("ab") as output:
        spawn = Spawn("leave", "3", output.fileno(), entry="tests.local.programs:leave")
        assert await (await server.fork(spawn)).wait() == 3
    assert log.read_text().count("Traceback") == 1
    await light.stop()


def test_a_file_is_whole_or_not_there_and_old_ones_go(tmp_path: Path) -> None:
    files = ModelFiles(tmp_path / "new")
    for number in range(KEPT + 3):
        files.keep(f"learned-{number}", b"%d" % number)
        os.utime(tmp_path / "new" / f"learned-{number}.model", (number + 1, number + 1))
    assert files.newest()[0].stem == f"learned-{KEPT + 2}"
    assert len(files.newest()) == KEPT
    assert {path.suffix for path in (tmp_path / "new").iterdir()} == {".model"}
    oldest = files.newest()[-1].stem
    assert files.read(oldest) is not None
    assert files.newest()[0].stem == oldest  # used again
    files.forget(oldest)
    assert files.read(oldest) is None


@pytest.mark.parametrize("model_id", ["../learned-1", "a/b", "", ".", "A"])
def test_an_id_that_is_no_file_name_leads_nowhere(tmp_path: Path, model_id: str) -> None:
    files = ModelFiles(tmp_path / "models")
    files.keep(model_id, b"x")
    assert files.read(model_id) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_nobody_an_answer(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    files = ModelFiles(file / "models")
    files.keep("learned-1", b"x")
    files.forget("learned-1")
    assert files.read("learned-1") is None
    assert ModelFiles(None).read("learned-1") is None
