"""The fork server: imports everything once, then forks a process for each request.

`python -m learnflow.local.forkserver_main CONTROL LIFELINE`, both descriptors. One blocking loop;
never a thread, an event loop or a database connection, which no fork survives. It ends, and its
children with it, when the control socket or the lifeline reaches its end.

Messages on the control socket (see `wire`), descriptors in brackets:
  first   {preload: modules, wanted: modules, idle: [entry, argument] or null}
          → {op: ready, modules} or {op: broken, file, line, error}
  then    {op: fork, id, name, entry, target, env} [log, listening sockets...]
          {op: server, id, name} [the new fork server's control socket]
          → {op: forked, id, pid} or {op: failed, id, why}
  and     {op: exited, pid, code} for each child's end

`idle` is called with its argument at the start and then once a second, between requests. It may
fail, but never leave a thread behind.
"""

import importlib
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from learnflow.local import child
from learnflow.local.breakage import breakage_of
from learnflow.local.preload import preload
from learnflow.local.processes import die_with_parent, show_as
from learnflow.local.wire import encode, receive

IDLE_SECONDS: Final = 1.0


class Idle:
    """What a fork server does once a second between requests; what fails is told once."""

    def __init__(self, entry: str, argument: str) -> None:
        self._entry, self._argument = entry, argument
        self._told = ""
        self._due = time.monotonic()

    @property
    def wait(self) -> float:
        """Milliseconds until it is due."""
        return max(0.0, self._due - time.monotonic()) * 1000

    def __call__(self) -> None:
        """Do it if it is due; a failure is one traceback in the log, however often it comes."""
        if self.wait:
            return
        try:
            module, _, function = self._entry.partition(":")
            getattr(importlib.import_module(module), function)(self._argument)
        except Exception as error:
            if (said := f"{type(error).__name__}: {error}") != self._told:
                self._told = said
                traceback.print_exc()
        self._due = time.monotonic() + IDLE_SECONDS


@dataclass(frozen=True)
class Birth:
    """What a process that was just forked is to become."""

    request: dict[str, Any]
    descriptors: list[int]
    lifelines: tuple[int, ...]


class Server:
    """One fork server: its control socket, the lifelines it hangs on, and its children."""

    def __init__(
        self, control: socket.socket, lifelines: tuple[int, ...], idle: Idle | None = None
    ) -> None:
        self._control = control
        self._idle = idle
        self._lifelines = lifelines
        self._children: set[int] = set()
        # Children hold the reading end: they end with this process even where the kernel has no
        # signal for a parent's death.
        self._own_lifeline, self._held = os.pipe()
        self._wakeup, wake = os.pipe()
        for end in (self._wakeup, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self) -> Birth:
        """Answer requests for ever. Returns in forked children only, with what each is to be."""
        poller = select.poll()
        for descriptor in (self._control.fileno(), self._wakeup, *self._lifelines):
            poller.register(descriptor, select.POLLIN)
        self._say(op="ready", modules=_modules())
        while True:
            wait = None if self._idle is None else self._idle.wait
            ready = {descriptor for descriptor, _ in poller.poll(wait)}
            if not ready.isdisjoint(self._lifelines):
                self._end()
            if self._wakeup in ready:
                self._report_exits()
            if self._control.fileno() in ready:
                message = receive(self._control)
                if message is None:
                    self._end()
                elif birth := self._fork(*message):
                    return birth
            if self._idle is not None:
                self._idle()

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> Birth | None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as problem:
            self._say(op="failed", id=request["id"], why=str(problem))
        else:
            if pid == 0:
                die_with_parent(signal.SIGKILL, parent)
                return Birth(request, descriptors, (*self._lifelines, self._own_lifeline))
            self._children.add(pid)
            self._say(op="forked", id=request["id"], pid=pid)
        for descriptor in descriptors:
            os.close(descriptor)
        return None

    def _report_exits(self) -> None:
        with suppress(BlockingIOError):
            while os.read(self._wakeup, 4096):
                pass
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._children.discard(ended[0])
                self._say(op="exited", pid=ended[0], code=os.waitstatus_to_exitcode(ended[1]))

    def _say(self, **message: Any) -> None:
        try:
            self._control.sendall(encode(message))
        except OSError:  # the runner is gone, or has let go of us
            self._end()

    def _end(self) -> None:
        for pid in self._children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _modules() -> list[str]:
    """Which of the repository's modules are imported."""
    return [name for name in sys.modules if name.startswith(("db.", "eventing.", "learnflow."))]


def main(control: int, lifeline: int) -> None:
    """Be the light fork server; a forked process goes on as what its request says."""
    birth = Birth({"op": "server", "name": "core"}, [control], (lifeline,))
    while birth.request["op"] == "server":
        birth = _serve(birth)
    child.main(birth.request, birth.descriptors, birth.lifelines)


def _serve(birth: Birth) -> Birth:
    child.leave_parent(keep=(*birth.descriptors, *birth.lifelines))
    show_as(f"fork-{birth.request['name']}")
    control = socket.socket(fileno=birth.descriptors[0])
    if (first := receive(control)) is None:
        os._exit(0)
    try:
        preload(first[0]["preload"], first[0]["wanted"])
    except BaseException as error:
        found = breakage_of(error, Path(__file__))
        control.sendall(encode({"op": "broken", **asdict(found)}))
        raise
    idle = Idle(*first[0]["idle"]) if first[0]["idle"] else None
    return Server(control, birth.lifelines, idle).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
