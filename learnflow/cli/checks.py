"""What `learnflow doctor` looks at: each check says what it found and, if need be, what to do."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from learnflow.cli.place import ROOT, here
from learnflow.local.paths import PlaceError, Places, running

OK: Final = "ok"
MIN_FREE_BYTES: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `fix` is empty when nothing need be done."""

    name: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""


def python() -> Iterator[Check]:
    """The interpreter, and whether processes can be forked."""
    found = f"{platform.python_version()} at {sys.executable}"
    fine = sys.version_info >= (3, 11)
    yield Check("Python", "ok" if fine else "fail", found, "" if fine else "install Python 3.11")
    if not hasattr(os, "fork"):
        yield Check("fork", "warn", "this system cannot fork: cold starts are slower")


def postgres() -> Iterator[Check]:
    """The database programs of the wheel."""
    from learnflow.local.postgres_files import programs

    try:
        yield Check("Postgres", "ok", str(programs()))
    except Exception as error:  # a missing distribution, a broken wheel, an unreadable folder
        yield Check("Postgres", "fail", str(error), "install the dependencies again: uv sync")


def folders() -> Iterator[Check]:
    """State and sockets: ours, writable, with room."""
    import shutil

    places = here()
    try:
        places.prepare()
        probe = places.state / "doctor"
        probe.write_text("writable", encoding="ascii")
        probe.unlink()
        free = shutil.disk_usage(places.state).free
    except (OSError, PlaceError) as error:
        yield Check("state", "fail", str(error), "set XDG_STATE_HOME to a folder you can write")
        return
    room = free > MIN_FREE_BYTES
    detail = f"{places.state}, {free / 1e9:.1f} GB free"
    yield Check("state", "ok" if room else "warn", detail, "" if room else "free at least 1 GB")
    yield Check("sockets", "ok", str(places.sockets))


def lock() -> Iterator[Check]:
    """Who runs here, and what an earlier run left behind."""
    places = here()
    pid = running(places.state)
    if pid is not None:
        yield Check("runner", "ok", f"runs as PID {pid}", "")
        return
    stale = places.sockets / "runner.sock"
    detail = "an old socket lies there; `up` heals it" if stale.exists() else "does not run"
    yield Check("runner", "ok", detail)
    left = _leftover(places)
    if left:
        detail = f"left from an earlier run: {', '.join(left)}"
        yield Check("processes", "warn", detail, "`learnflow up` ends them; or kill them")
    else:
        yield Check("processes", "ok", "none left from earlier runs")


def _leftover(places: Places) -> list[str]:
    """Fork servers of this repository and Postgres on its data, as `PID 12 (postgres)`."""
    import psutil

    data, found = places.state / "postgres" / "data", []
    for process in psutil.process_iter():
        try:
            command, folder = process.cmdline(), process.cwd()
            ours = folder == str(data) or (
                folder == str(ROOT) and any("learnflow.local.forkserver" in w for w in command)
            )
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"PID {process.pid} ({process.name()})")
        except psutil.Error:
            continue
    return found


def port(number: int) -> Callable[[], Iterator[Check]]:
    """Whether the gateway's port is free, or ours."""

    def check() -> Iterator[Check]:
        from learnflow.local.ports import owner

        who = owner(number)
        ours = running(here().state)
        if who is None or (ours is not None and f"PID {ours} " in who):
            yield Check("port", "ok", f"{number} is {'free' if who is None else 'ours'}")
        else:
            detail = f"{number} is used by {who}"
            yield Check("port", "warn", detail, "`up` takes the next free one, or give --port")

    return check


def manifests() -> Iterator[Check]:
    """What the manifests say that runs otherwise here, or not at all."""
    from learnflow.manifests import ManifestError, read_system

    try:
        system = read_system(ROOT)
    except ManifestError as error:
        where = f"{error.file}: {error.field}: {error.what}"
        yield Check("manifests", "fail", where, error.fix)
        return
    detail = f"{len(system.functions)} functions, {len(system.sources)} sources"
    yield Check("manifests", "ok", f"{detail}, {len(system.topics)} topics")
    for warning in system.warnings:
        yield Check("manifests", "warn", warning)


def web_app() -> Iterator[Check]:
    """Whether the web app is built, and a Node there to build it; neither is needed to run."""
    from learnflow.web.node import BUILDS, everywhere, find
    from learnflow.web.state import Frontend

    frontend = Frontend(ROOT / "frontend")
    if not frontend.there:
        return
    state = frontend.build()
    said = {"current": "is built", "old": "is built, of older sources"}.get(state, "is not built")
    if state == "current":
        yield Check("web app", "ok", said)
    else:
        yield Check("web app", "warn", said, "learnflow web build")
    node = find()
    if node is not None:
        yield Check("Node", "ok", f"{node.version} at {node.program}")
        return
    there = ", ".join(one.version for one in everywhere()) or "none with npm"
    detail = f"{there}; the web app is built with {'.'.join(map(str, BUILDS))} or newer"
    yield Check("Node", "warn", detail, "install it, or: uv sync --inexact --group web")
