"""Which files were saved? Events of the system, without an editor's noise, one batch per save."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

QUIET_SECONDS: Final = 0.03
LONGEST_SECONDS: Final = 0.2
POLL_SECONDS: Final = 1.0
_CHANGING: Final = frozenset({"created", "modified", "closed", "moved", "deleted"})
"""Not `opened` and `closed_no_write`: reading a file is no save."""
_NOISE: Final = re.compile(
    r"\..*|.*~|.*\.(pyc|pyo|tmp|temp|bak|orig|rej|swp|swo|swx|part)|.*\.tmp\.\S*|#.*#|4913"
    r"|__pycache__|.*___jb_(tmp|old)___"
)
"""Names that editors, formatters, version control and Python itself leave beside a file."""


def is_noise(path: Path) -> bool:
    """Whether a path, relative to what is watched, is nobody's source."""
    return any(_NOISE.fullmatch(part) for part in path.parts)


@dataclass(frozen=True, slots=True)
class Batch:
    """What was saved together; `paths` are relative to the root, `at` is as time.monotonic()."""

    paths: frozenset[Path]
    at: float


class Debounce:
    """Collects paths until none came for a moment; never holds one longer than LONGEST_SECONDS."""

    def __init__(self, ready: Callable[[Batch], None]) -> None:
        self._ready = ready
        self._paths: set[Path] = set()
        self._first = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, path: Path) -> None:
        """A path was heard of."""
        now = time.monotonic()
        if not self._paths:
            self._first = now
        self._paths.add(path)
        left = self._first + LONGEST_SECONDS - now
        if self._timer is not None:
            if left < QUIET_SECONDS:  # it is set for the longest wait already
                return
            self._timer.cancel()
        wait = min(QUIET_SECONDS, left)
        self._timer = asyncio.get_running_loop().call_later(wait, self._flush)

    def cancel(self) -> None:
        """Forget what was collected."""
        if self._timer is not None:
            self._timer.cancel()
        self._paths = set()

    def _flush(self) -> None:
        batch = Batch(frozenset(self._paths), self._first)
        self._paths, self._timer = set(), None
        self._ready(batch)


class Watcher:
    """Watches folders of a root from `start` to `stop`; `heard` gets one Batch per save."""

    def __init__(self, root: Path, folders: Iterable[str], heard: Callable[[Batch], None]) -> None:
        self._root = root
        self._folders = [folder for folder in folders if (root / folder).is_dir()]
        self._debounce = Debounce(heard)
        self._observer: BaseObserver | None = None
        self._loop = asyncio.get_running_loop()

    async def start(self) -> str | None:
        """Begin; a sentence when the system tells of no saves and files are looked at instead."""
        try:
            await asyncio.to_thread(self._observe, polling=False)
        except (OSError, ImportError) as why:
            await asyncio.to_thread(self._observe, polling=True)
            return (
                f"the system tells of no saves ({why}): files are looked at every "
                f"{POLL_SECONDS:g} s (on Linux, raise fs.inotify.max_user_watches and "
                "max_user_instances)"
            )
        return None

    async def stop(self) -> None:
        """Hear nothing more."""
        self._debounce.cancel()
        observer, self._observer = self._observer, None
        if observer is not None:
            await asyncio.to_thread(_end, observer)

    def _observe(self, *, polling: bool) -> None:
        from watchdog.events import FileSystemEventHandler

        watcher = self

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: "FileSystemEvent") -> None:
                watcher._in_thread(event)

        observer = _observer(polling)
        try:
            for folder in self._folders:
                observer.schedule(Handler(), str(self._root / folder), recursive=True)
            observer.start()
        except BaseException:
            _end(observer)
            raise
        self._observer = observer

    def _in_thread(self, event: "FileSystemEvent") -> None:
        if event.event_type not in _CHANGING:
            return
        if event.is_directory and event.event_type in ("modified", "closed"):
            return
        for raw in (event.src_path, event.dest_path):
            path = Path(raw if isinstance(raw, str) else bytes(raw).decode(errors="replace"))
            if raw and path.is_relative_to(self._root):
                found = path.relative_to(self._root)
                if not is_noise(found):
                    with suppress(RuntimeError):  # the loop has ended
                        self._loop.call_soon_threadsafe(self._debounce.add, found)


def _observer(polling: bool) -> "BaseObserver":
    if polling:
        from watchdog.observers.polling import PollingObserver

        return PollingObserver(timeout=POLL_SECONDS)
    from watchdog.observers import Observer

    return Observer()


def _end(observer: "BaseObserver") -> None:
    if observer.is_alive():
        observer.stop()
        observer.join(timeout=5)
