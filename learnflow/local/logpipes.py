"""The pipes that processes write their output to, cut into lines for the logbook."""

import asyncio
import os
from typing import Final

from learnflow.local.logbook import Logbook

CHUNK: Final = 65536
LONGEST: Final = 16384


class LogPipe:
    """One process's output; read until every writer is gone."""

    def __init__(self, logbook: Logbook, name: str) -> None:
        self.pid: int | None = None
        self._logbook, self._name, self._rest = logbook, name, b""
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        asyncio.get_running_loop().add_reader(self._reading, self._read)

    def handed_over(self, pid: int | None) -> None:
        """The process has its copy of the writing end: close ours."""
        self.pid = pid
        os.close(self.writing)

    def _read(self) -> None:
        try:
            chunk = os.read(self._reading, CHUNK)
        except BlockingIOError:
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._reading)
            os.close(self._reading)
        if not chunk or len(self._rest) > LONGEST:
            lines, self._rest = [*lines, self._rest], b""
        for line in filter(None, lines):
            self._logbook.add(self._name, line.decode(errors="replace"), self.pid)
