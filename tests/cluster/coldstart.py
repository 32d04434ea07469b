"""From zero to the first answer: our functions beside a functions-framework hello, in turns."""

import statistics
from dataclasses import dataclass
from typing import Final

from tests.cluster import node
from tests.cluster.calling import Answer, at_zero, call
from tests.cluster.deploy import OVERLAY

HELLO: Final = "hello"
OURS: Final = "register-student"
TARGET: Final = 1.1
STUDENT: Final = {"name": "Ada", "subject": "cold-starts", "grade": 7}


@dataclass(frozen=True, slots=True)
class Race:
    """Seconds of each start; ours ends with a student in the database."""

    hello: tuple[float, ...]
    ours: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Ours to hello's, by the medians."""
        return statistics.median(self.ours) / statistics.median(self.hello)

    def __str__(self) -> str:
        shown = [f"{statistics.median(each):.2f} s" for each in (self.ours, self.hello)]
        return (
            f"{OURS} {shown[0]}, functions-framework hello {shown[1]}: {self.ratio:.2f} × "
            f"(medians of {len(self.ours)} in turns; target {TARGET} ×)"
        )


async def _hello() -> Answer:
    return await call(HELLO)


async def _ours() -> Answer:
    return await call(OURS, "POST", "/api/students", STUDENT)


async def race(rounds: int = 6) -> Race:
    """Wake both from zero in turns, the first of a round changing. Raises Refused."""
    node.kubectl("apply", "-f", str(OVERLAY.parent / "hello.yaml"))
    hello: list[float] = []
    ours: list[float] = []
    try:
        for number in range(rounds):
            turns = [(_hello, hello, 200), (_ours, ours, 201)]
            await at_zero(HELLO, OURS)
            for ask, times, wanted in turns if number % 2 else turns[::-1]:
                answer = await ask()
                if answer.status != wanted:
                    raise node.Refused(f"{answer.status}, not {wanted}: {answer.body[:300]}")
                times.append(answer.seconds)
    finally:
        node.kubectl("delete", "ksvc", HELLO, "-n", node.NAMESPACE, "--wait=false")
    return Race(tuple(hello), tuple(ours))
