"""Fault switches: what goes wrong on purpose between a caller and a function, to see it mended."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from learnflow.local.instances import Answer, Unserved

if TYPE_CHECKING:
    from learnflow.local.reply import Reply

Kind = Literal["slow", "fail", "duplicate", "drop"]
KINDS: Final = get_args(Kind)
LOST: Final = 0
"""The status of an answer that nobody gets: the connection breaks."""


@dataclass(eq=False)
class Switch:
    """One fault of one function; it acts on each call with probability `rate`.

    `left` counts down to its end, `until` is as time.monotonic(); None: no end but `clear`.
    """

    function: str
    kind: Kind
    seconds: float = 2.0
    status: int = 503
    rate: float = 1.0
    left: int | None = None
    until: float | None = None
    acted: int = 0

    def __str__(self) -> str:
        detail = {"slow": f" {self.seconds:g} s", "fail": f" {self.status}"}.get(self.kind, "")
        return f"{self.kind}{detail}"

    def document(self) -> dict[str, Any]:
        """This switch as the control API shows it; `seconds_left` None: until it is cleared."""
        left = None if self.until is None else round(max(0.0, self.until - time.monotonic()), 1)
        return {
            "function": self.function,
            "kind": self.kind,
            "fault": str(self),
            "rate": self.rate,
            "count_left": self.left,
            "seconds_left": left,
            "acted": self.acted,
        }


class Faults:
    """The switches that are on; in memory, so that none survives a restart."""

    def __init__(self, say: Callable[[str, str], None] = lambda _function, _what: None) -> None:
        """`say` hears, for a function, what was switched on and off."""
        self._say = say
        self._on: dict[str, dict[Kind, Switch]] = {}

    def set(self, switch: Switch, seconds: float | None = None) -> None:
        """Switch a fault on, in place of one of its kind; `seconds` is for how long."""
        if seconds is not None:
            switch.until = time.monotonic() + seconds
            asyncio.get_running_loop().call_later(seconds, self._expire, switch, seconds)
        self._on.setdefault(switch.function, {})[switch.kind] = switch
        ends = f" for {seconds:g} s" if seconds is not None else ""
        times = f", {switch.left} times" if switch.left is not None else ""
        rate = f", rate {switch.rate:g}" if switch.rate < 1 else ""
        self._say(switch.function, f"fault switch on: {switch}{ends}{times}{rate}")

    def clear(self, function: str | None = None) -> list[Switch]:
        """Switch off what is on, of one function or of all; returns that."""
        found = self.on(function)
        for switch in found:
            self._off(switch, "cleared")
        return found

    def on(self, function: str | None = None) -> list[Switch]:
        """What is on, of one function or of all."""
        return [
            switch
            for name, switches in self._on.items()
            if function in (None, name)
            for switch in switches.values()
        ]

    def acting(self, function: str, *kinds: Kind) -> dict[Kind, Switch]:
        """Which of a function's switches act on this call; counts them."""
        if not self._on:
            return {}
        found = {}
        for switch in list(self._on.get(function, {}).values()):
            if switch.kind in kinds and random.random() < switch.rate:
                found[switch.kind] = switch
                switch.acted += 1
                if switch.left is not None:
                    switch.left -= 1
                    if switch.left == 0:
                        self._off(switch, "all its times")
        return found

    def _expire(self, switch: Switch, seconds: float) -> None:
        if self._on.get(switch.function, {}).get(switch.kind) is switch:
            self._off(switch, f"after {seconds:g} s")

    def _off(self, switch: Switch, why: str) -> None:
        switches = self._on[switch.function]
        del switches[switch.kind]
        if not switches:
            del self._on[switch.function]
        self._say(
            switch.function, f"fault switch off: {switch} ({why}; acted {switch.acted} times)"
        )


async def before(acting: Mapping[Kind, Switch]) -> None:
    """What happens before the function is called. Raises Unserved when it is not called at all."""
    if slow := acting.get("slow"):
        await asyncio.sleep(slow.seconds)
    if fail := acting.get("fail"):
        retry_after = 1 if fail.status in (429, 503) else None
        raise Unserved(fail.status, f"fault switch: {fail}", retry_after)


def after(acting: Mapping[Kind, Switch], reply: "Reply") -> "Reply":
    """What happens to the answer that has begun. Raises Unserved with status LOST."""
    if "drop" in acting:
        reply.close()
        raise Unserved(LOST, "fault switch: drop (the function ran, its answer is lost)")
    reply.note = _note(acting)
    return reply


def doubled(answer: Answer, acting: Mapping[Kind, Switch]) -> Answer:
    """The answer to a delivery that was made twice."""
    return replace(answer, note="; ".join(filter(None, (answer.note, _note(acting)))))


def _note(acting: Mapping[Kind, Switch]) -> str:
    return f"fault switch: {', '.join(map(str, acting.values()))}"
