"""A copy of the repository's files somewhere else, and the command line run in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

REPOSITORY: Final = Path(__file__).parents[2]
PARTS: Final = ("db", "eventing", "examples", "functions", "k8s", "learnflow", "pyproject.toml")
PLAIN_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
COMMAND_SECONDS: Final = 110.0


class Clone:
    """One copy; commands run in it by `uid`, with only the environment given."""

    def __init__(self, root: Path, environment: Mapping[str, str], uid: int | None = None) -> None:
        self.root, self.uid = root, uid
        self.python = interpreter(uid, root.parent / "venv")
        self.environment = {**PLAIN_ENVIRONMENT, **environment}
        root.mkdir(parents=True)
        for part in PARTS:
            _copy(REPOSITORY / part, root / part)
        if uid is not None:
            _give(root, uid)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """The command line with these arguments, running."""
        return subprocess.Popen(
            [self.python, "-m", "learnflow.cli.app", *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            user=self.uid,
            group=self.uid,
            extra_groups=None if self.uid is None else [],
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and everything printed."""
        process = self.start(*arguments)
        try:
            printed, _ = process.communicate(timeout=COMMAND_SECONDS)
        finally:
            end(process)
        return process.returncode, printed

    def demo(self, port: int) -> dict[str, Any]:
        """The last line of `learnflow demo --json`, which must end well."""
        code, printed = self.run("demo", "--json", "--port", str(port))
        assert code == 0, printed
        last: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
        return last

    def forget(self) -> None:
        """Stop what runs, delete its state."""
        self.run("down", "--wipe")


def interpreter(uid: int | None, folder: Path) -> str:
    """A Python with our packages that this user may run; LookupError when there is none.

    Where ours lies behind a closed folder, it is the system's of the same version, in a virtual
    environment made in `folder`.
    """
    system = Path(f"/usr/bin/python3.{sys.version_info.minor}")
    if uid is None or _may_run(sys.executable, uid):
        return sys.executable
    if not _may_run(str(system), uid):
        raise LookupError(f"uid {uid} may run neither {sys.executable} nor {system}")
    packages = folder / "lib" / system.name / "site-packages"
    packages.mkdir(parents=True)
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "ours.pth").write_text("\n".join(ours), encoding="utf-8")
    (folder / "pyvenv.cfg").write_text(f"home = {system.parent}\n", encoding="utf-8")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(system)
    return str(folder / "bin" / "python")


def _may_run(python: str, uid: int) -> bool:
    probe = [python, "-c", "import encodings, ssl"]
    try:
        done = subprocess.run(
            probe, user=uid, group=uid, extra_groups=[], cwd="/", env={}, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def end(process: "subprocess.Popen[Any]") -> None:
    """Kill the process if it still runs; what it started must then end by itself."""
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def family(process: "subprocess.Popen[Any]") -> list[psutil.Process]:
    """The process and everything it started."""
    top = psutil.Process(process.pid)
    return [top, *top.children(recursive=True)]


def alive(processes: Sequence[psutil.Process]) -> list[str]:
    """Those that still run, as text."""
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except psutil.NoSuchProcess:
            continue
    return found


@contextmanager
def cloned(root: Path, environment: Mapping[str, str], uid: int | None = None) -> Iterator[Clone]:
    """A copy at `root`; what it kept elsewhere is deleted at the end."""
    clone = Clone(root, environment, uid)
    try:
        yield clone
    finally:
        clone.forget()
        shutil.rmtree(root, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _give(root: Path, uid: int) -> None:
    for above, _, files in os.walk(root):
        os.chown(above, uid, uid)
        for name in files:
            os.chown(Path(above, name), uid, uid)
