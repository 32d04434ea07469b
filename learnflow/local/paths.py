"""Where an embedded LearnFlow keeps state and sockets, and the lock that makes it the only one."""

import fcntl
import hashlib
import os
import pwd
import socket
import stat
import time
from dataclasses import dataclass
from pathlib import Path

ROOT_STATE = Path("/var/lib/learnflow")
HOMELESS_STATE = Path("/var/tmp")
SOCKET_PATH_LIMIT = 107
BACKLOG = 1024
ATTEMPTS = 5


class PlaceError(RuntimeError):
    """A folder or socket cannot be where it should; the message says why and what helps."""


class AlreadyRunning(RuntimeError):
    """Another runner of the same repository holds the lock."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"LearnFlow already runs for this repository (PID {pid or 'unknown'}).")
        self.pid = pid


@dataclass(frozen=True)
class Places:
    """The folders of one repository: `state` survives a restart, `sockets` need not."""

    root: Path
    state: Path
    sockets: Path
    uid: int

    @property
    def models(self) -> Path:
        """Model files for the processes that rank; made by whoever keeps the first."""
        return self.state / "models"

    @property
    def mode(self) -> int:
        """0700; as root 0711, because Postgres runs under another user and must pass through."""
        return 0o711 if self.uid == 0 else 0o700

    def prepare(self) -> None:
        """Create both folders, or raise PlaceError when one is not safely ours."""
        homeless = HOMELESS_STATE / f"learnflow-{self.uid}"
        if homeless in self.state.parents:  # there, anybody could have made it before us
            homeless.mkdir(exist_ok=True, mode=self.mode)
            _own(homeless, self.uid, self.mode)
        try:
            self.state.mkdir(parents=True, exist_ok=True, mode=self.mode)
        except OSError as problem:
            raise PlaceError(
                f"The state folder {self.state} cannot be made ({problem.strerror}): "
                "set XDG_STATE_HOME to a folder you can write."
            ) from problem
        _own(self.state.resolve(), self.uid, self.mode)
        for folder in (self.sockets.parent, self.sockets):
            folder.mkdir(exist_ok=True, mode=self.mode)
            _own(folder, self.uid, self.mode)


def places(
    root: Path,
    *,
    uid: int,
    state_home: str | None,
    home: str | None,
    temporary: Path = Path("/tmp"),
) -> Places:
    """Compute a repository's folders from the user and the values of XDG_STATE_HOME and HOME."""
    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()
    above = ROOT_STATE if uid == 0 else _state_home(uid, state_home, home) / "learnflow"
    sockets = temporary / f"learnflow-{uid}" / digest[:8]
    return Places(root.resolve(), above / digest[:16], sockets, uid)


def _state_home(uid: int, state_home: str | None, home: str | None) -> Path:
    if state_home and Path(state_home).is_absolute():
        return Path(state_home)
    if not home or not Path(home).is_absolute():
        try:
            home = pwd.getpwuid(uid).pw_dir
        except KeyError:
            raise PlaceError(
                f"Neither XDG_STATE_HOME nor HOME is set and uid {uid} has no home folder: "
                "set XDG_STATE_HOME to a folder you can write."
            ) from None
        if not Path(home).is_dir():  # a service account's home often exists in name only
            return HOMELESS_STATE / f"learnflow-{uid}"
    return Path(home) / ".local" / "state"


def _own(folder: Path, uid: int, mode: int) -> None:
    facts = folder.lstat()
    if stat.S_ISLNK(facts.st_mode) or not stat.S_ISDIR(facts.st_mode):
        raise PlaceError(f"{folder} is not a plain folder: remove it and start again.")
    if facts.st_uid != uid:
        raise PlaceError(f"{folder} belongs to uid {facts.st_uid}, not to you (uid {uid}).")
    if stat.S_IMODE(facts.st_mode) != mode:
        folder.chmod(mode)


def listen(path: Path, backlog: int = BACKLOG) -> socket.socket:
    """Bind and listen on a Unix socket that only this user may reach; a stale one is replaced."""
    check_socket_path(path)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(0o600)
    listening.listen(backlog)
    return listening


def check_socket_path(path: Path) -> None:
    """Raise PlaceError when the kernel could not take the path as a socket address."""
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_LIMIT:
        raise PlaceError(f"The socket path {path} has {length} bytes; {SOCKET_PATH_LIMIT} fit.")


class RunnerLock:
    """One runner per repository. The kernel drops the lock with its process, so none goes stale."""

    def __init__(self, state: Path) -> None:
        self._path = state / "runner.lock"
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock and write our pid into it, or raise AlreadyRunning with the holder's."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        for attempt in range(ATTEMPTS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # a runner, or for a moment someone asking `running`
                if attempt == ATTEMPTS - 1:
                    pid = _pid_in(file)
                    os.close(file)
                    raise AlreadyRunning(pid) from None
                time.sleep(0.02)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give the lock back; the file stays, for removing it would race with the next runner."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None


def running(state: Path) -> int | None:
    """Return the pid of the runner holding this state folder, None when none does."""
    try:
        file = os.open(state / "runner.lock", os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_in(file)
    finally:
        os.close(file)
    return None


def _pid_in(file: int) -> int | None:
    text = os.pread(file, 32, 0).strip()
    return int(text) if text.isdigit() else None
