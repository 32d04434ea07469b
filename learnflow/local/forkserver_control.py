"""One connection of the runner to one fork server process: requests out, pids and ends in."""

import asyncio
import itertools
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Final

from learnflow.local.breakage import Breakage
from learnflow.local.processes import Child
from learnflow.local.wire import Decoder, encode

PIECE: Final = 65536


class ForkServerGone(RuntimeError):
    """The fork server ended, or could not start: the request was not answered; ask again.

    `breakage` is the file that kept it from starting, where that is known.
    """

    def __init__(self, what: str, breakage: Breakage | None = None) -> None:
        super().__init__(what)
        self.breakage = breakage


class ForkFailed(RuntimeError):
    """The fork server is well but could not fork: no memory, or too many processes."""


class Control:
    """A control socket, what was asked on it, and the children that came of it."""

    def __init__(self, control: socket.socket) -> None:
        control.setblocking(False)
        self._socket = control
        self._loop = asyncio.get_running_loop()
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Child]] = {}
        self._children: dict[int, Child] = {}
        self._decoder = Decoder()
        self._sending = asyncio.Lock()
        self._open = True
        self._breakage: Breakage | None = None
        self.modules: frozenset[str] = frozenset()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(control.fileno(), self._read)

    async def ask(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> Child:
        """Ask for a process. Raises ForkServerGone or ForkFailed."""
        number = next(self._ids)
        answer: asyncio.Future[Child] = self._loop.create_future()
        self._asked[number] = answer
        await self.send({**request, "id": number}, descriptors)
        return await answer

    async def send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Send a message, whole even when the caller is cancelled. Raises ForkServerGone."""
        await asyncio.shield(self._send(encode(message), descriptors))

    def last_words(self) -> Breakage | None:
        """What it said kept it from starting."""
        if self._open:
            self._read()
        return self._breakage

    def close(self) -> None:
        """Let go of the process: what was asked fails, its children count as killed with it."""
        if not self._open:
            return
        self._read()
        self._open = False
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ForkServerGone("The fork server ended before it answered."))
        for child in self._children.values():
            _end(child, -signal.SIGKILL)
        self._asked.clear()
        self._children.clear()

    async def _send(self, data: bytes, descriptors: Sequence[int]) -> None:
        async with self._sending:
            sent = 0
            while not sent:
                if not self._open:
                    raise ForkServerGone("The fork server is gone.")
                try:
                    sent = socket.send_fds(self._socket, [data], descriptors)
                except BlockingIOError:
                    await self._writable()
                except OSError as problem:
                    raise ForkServerGone("The fork server is gone.") from problem
            if sent < len(data):
                await self._loop.sock_sendall(self._socket, data[sent:])

    async def _writable(self) -> None:
        writable: asyncio.Future[None] = self._loop.create_future()
        descriptor = self._socket.fileno()
        self._loop.add_writer(descriptor, _settle, writable)
        try:
            await writable
        finally:
            self._loop.remove_writer(descriptor)

    def _read(self) -> None:
        try:
            while data := self._socket.recv(PIECE):
                for message in self._decoder.feed(data):
                    self._hear(message)
        except BlockingIOError:
            return
        except OSError:
            pass
        self._loop.remove_reader(self._socket.fileno())  # the end; its exit will be told

    def _hear(self, message: Mapping[str, Any]) -> None:
        match message["op"]:
            case "ready":
                self.modules = frozenset(message["modules"])
                _settle(self.ready)
            case "broken":
                self._breakage = Breakage(message["file"], message["line"], message["error"])
            case "forked":
                self._born(Child(message["pid"], self._loop.create_future()), message["id"])
            case "failed":
                answer = self._asked.pop(message["id"])
                if not answer.done():
                    answer.set_exception(ForkFailed(message["why"]))
            case "exited" if child := self._children.pop(message["pid"], None):
                _end(child, message["code"])

    def _born(self, child: Child, number: int) -> None:
        self._children[child.pid] = child
        answer = self._asked.pop(number)
        if answer.done():  # whoever asked has given up: nobody would ever end this process
            child.send(signal.SIGKILL)
        else:
            answer.set_result(child)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _end(child: Child, code: int) -> None:
    if not child.exited.done():
        child.exited.set_result(code)
