"""Which saves are heard of: those of sources, one batch for one save; no editor's noise."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from learnflow.local import watching
from learnflow.local.watching import Batch, Debounce, Watcher, is_noise
from tests.eventually import eventually


@pytest.mark.parametrize(
    "path",
    [
        *("functions/a/.main.py.swp", "functions/a/main.py~", "functions/a/4913"),
        *("functions/a/__pycache__/main.cpython-311.pyc", "functions/a/#main.py#"),
        *("functions/a/.#main.py", "functions/a/main.py.tmp.123.456", "db/x.py.orig"),
        *("functions/a/main.py___jb_tmp___", ".git/index.lock", "functions/a/x.pyc"),
    ],
)
def test_what_editors_leave_beside_a_file_is_noise(path: str) -> None:
    assert is_noise(Path(path))


@pytest.mark.parametrize("path", ["functions/a/main.py", "k8s/base/functions/a-b.yaml", "db/x.sql"])
def test_a_source_is_no_noise(path: str) -> None:
    assert not is_noise(Path(path))


class Heard:
    """A watched folder `functions/a`, and the batches that were heard."""

    def __init__(self, root: Path) -> None:
        self.root, self.batches = root, list[Batch]()
        self.file = root / "functions" / "a" / "main.py"

    @property
    def paths(self) -> set[str]:
        return {str(path) for batch in self.batches for path in batch.paths}


@pytest.fixture
async def heard(tmp_path: Path) -> AsyncIterator[Heard]:
    world = Heard(tmp_path)
    world.file.parent.mkdir(parents=True)
    world.file.write_text("1")
    watcher = Watcher(tmp_path, ("functions", "gone"), world.batches.append)
    assert await watcher.start() is None
    yield world
    await watcher.stop()


def write(file: Path) -> None:
    file.write_text("2")


def rename_over(file: Path) -> None:
    beside = file.with_name(".main.py.new")
    beside.write_text("2")
    os.replace(beside, file)


def move_away_and_write(file: Path) -> None:
    file.rename(file.with_name("main.py~"))
    file.write_text("2")
    file.with_name("main.py~").unlink()


def many_writes(file: Path) -> None:
    for number in range(20):
        file.write_text(str(number))


@pytest.mark.parametrize("save", [write, rename_over, move_away_and_write, many_writes])
async def test_each_way_to_save_is_one_batch_of_one_file(
    heard: Heard, save: Callable[[Path], None]
) -> None:
    save(heard.file)
    await eventually(lambda: heard.batches)
    assert heard.paths == {"functions/a/main.py"}
    assert len(heard.batches) == 1


async def test_a_file_that_is_read_or_compiled_is_not_saved(heard: Heard) -> None:
    heard.file.read_bytes()
    (heard.file.parent / "__pycache__").mkdir()
    (heard.file.parent / "__pycache__" / "main.pyc").write_bytes(b"")
    write(heard.file)  # the only thing there is to hear
    await eventually(lambda: heard.batches)
    assert heard.paths == {"functions/a/main.py"}


async def test_new_folders_and_removed_ones_are_heard_of(heard: Heard) -> None:
    other = heard.root / "functions" / "b"
    other.mkdir()
    await eventually(lambda: "functions/b" in heard.paths)
    (other / "main.py").write_text("1")
    await eventually(lambda: "functions/b/main.py" in heard.paths)
    shutil.rmtree(heard.file.parent)
    await eventually(lambda: "functions/a/main.py" in heard.paths)


async def test_endless_saves_are_told_all_the_same() -> None:
    batches: list[Batch] = []
    debounce = Debounce(batches.append)
    loop = asyncio.get_running_loop()
    began, told = loop.time(), 0.0
    while not batches and loop.time() < began + 5:
        debounce.add(Path("functions/a/main.py"))
        told = loop.time() - began
        await asyncio.sleep(0)
    assert told < watching.LONGEST_SECONDS + 0.2
    debounce.cancel()


async def test_without_the_systems_events_files_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = watching._observer

    def none_left(polling: bool) -> object:
        if not polling:
            raise OSError(28, "inotify watch limit reached")
        return plain(polling)

    monkeypatch.setattr(watching, "_observer", none_left)
    monkeypatch.setattr(watching, "POLL_SECONDS", 0.05)
    world = Heard(tmp_path)
    world.file.parent.mkdir(parents=True)
    world.file.write_text("1")
    watcher = Watcher(tmp_path, ("functions",), world.batches.append)
    said = await watcher.start()
    assert said is not None
    assert "inotify watch limit reached" in said
    world.file.write_text("22")
    await eventually(lambda: "functions/a/main.py" in world.paths)
    await watcher.stop()
