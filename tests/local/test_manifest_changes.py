"""Saved manifests: what can hold at once does, the rest says that it waits for a restart."""

from pathlib import Path

import pytest

from learnflow.local.bounds import here
from learnflow.local.manifest_changes import ManifestChanges
from learnflow.local.pool import Pool
from learnflow.manifests import read_system
from tests.local.fakes import FakeStarter
from tests.manifests.trees import copied


class World:
    """The repository's manifests copied, and what was said of their changes."""

    def __init__(self, folder: Path, left: tuple[str, ...] = ()) -> None:
        self.root = copied(folder / "clone")
        self.said: list[tuple[str, str]] = []
        running = read_system(self.root)
        self.pool = Pool(running.functions, FakeStarter(folder, None))  # type: ignore[arg-type]
        said = self.said
        self.changes = ManifestChanges(
            self.root, running, self.pool, lambda _, state, what: said.append((state, what)), left
        )

    def change(self, file: str, old: str, new: str) -> None:
        """Save a file with one text in place of another."""
        place = self.root / file
        text = place.read_text()
        assert old in text
        place.write_text(text.replace(old, new))
        self.changes.saved()


LIST = "k8s/base/functions/list-tutors.yaml"
SOURCE = "eventing/sources/match-student-on-student-registered.yaml"


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_bounds_of_a_function_hold_at_once(world: World) -> None:
    world.change(LIST, 'max-scale: "5"', 'max-scale: "1"')
    assert world.pool.revisions["list-tutors"].function.scale.max == 1
    ((state, what),) = world.said
    assert (state, what.endswith(": in force")) == ("done", True)
    assert f"{LIST}: list-tutors: scale.max 5 → 1" in what
    world.changes.saved()
    assert len(world.said) == 1  # said once


async def test_a_timeout_holds_at_once_too(world: World) -> None:
    world.change(LIST, "timeoutSeconds: 60", "timeoutSeconds: 7")
    revision = world.pool.revisions["list-tutors"]
    assert (revision.function.timeout, revision.response_start_timeout) == (7, 7)


async def test_what_is_wired_at_the_start_waits_and_says_so_once(world: World) -> None:
    world.change(SOURCE, "retry: 7", "retry: 3")
    world.changes.saved()
    assert world.said == [
        (
            "warn",
            f"{SOURCE}: match-student-on-student-registered: delivery.retry 7 → 3: "
            "restart `up` to apply it",
        )
    ]
    world.change(SOURCE, "retry: 3", "retry: 7")
    assert world.said[-1] == ("done", "the manifests say again what runs")


async def test_a_new_manifest_and_one_that_is_gone_wait_for_a_restart(world: World) -> None:
    (world.root / SOURCE).unlink()
    world.changes.saved()
    ((_, what),) = world.said
    assert "match-student-on-student-registered: is gone: restart" in what


async def test_a_manifest_that_cannot_be_read_changes_nothing(world: World) -> None:
    world.change(LIST, "kind: Service", "kind: Servant")
    world.changes.saved()
    ((state, what),) = world.said
    assert state == "warn"
    assert f"{LIST}: kind: is 'Servant'" in what
    world.change(LIST, "kind: Servant", "kind: Service")
    assert world.said[-1] == ("done", "the manifests say again what runs")


async def test_an_attached_function_is_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path, left=("list-tutors",))
    world.change(LIST, 'max-scale: "5"', 'max-scale: "1"')
    assert world.pool.revisions["list-tutors"].function.scale.max == 5
    assert "restart `up`" in world.said[0][1]


def test_here_a_function_has_no_more_instances_than_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    function = read_system(Path(__file__).parents[2]).functions["register-student"]
    assert (function.scale.max, here(function).scale.max) == (10, 3)
