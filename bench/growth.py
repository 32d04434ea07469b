"""How does a call's cost grow with what is stored? The same calls on tables of many sizes."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench import filling
from bench.connection import STUDENT, post
from bench.deliver import delivery, write
from bench.exponent import fit
from bench.figures import Bound, Figure
from bench.in_turns import in_turns
from bench.place import Place
from bench.processes import Served, contestant
from db.roles import role_of
from eventing.events import MatchRated, StudentRegistered

GROUP: Final = "growth"
BOUND: Final = Bound(0.05)
_STUDENTS: Final = (1_000, 10_000, 100_000, 1_000_000)
_HISTORY: Final = (10_000, 100_000, 1_000_000)
_TUTORS: Final = (1_000, 10_000, 100_000)
"""All of them could take the student; 500 are looked at."""
_PIECE: Final = 100_000
"""Rows of one filling statement: a server must not keep more in one transaction."""


@dataclass(frozen=True)
class Call:
    """A function, and the request numbered so; numbers beyond the filled rows are new."""

    name: str
    function: str
    request: Callable[[int], bytes]


@dataclass(frozen=True)
class Growing:
    """A database that is filled to many sizes, and the calls whose cost must not follow."""

    short: str
    rows: str
    before: Sequence[str]
    filled: Sequence[str]
    sizes: Sequence[int]
    calls: Sequence[Call]
    bound: Bound = BOUND


def _register(_: int) -> bytes:
    return post("/api/students", STUDENT)


def _decide(n: int) -> bytes:
    student = filling.student_id(n)
    event = StudentRegistered(student_id=student, version=1, grade=7, subject="mathematics")
    return delivery(event, filling.event_id("decide", n))


def _rate(n: int) -> bytes:
    """A rating of a match that every size holds."""
    known = n % min(_HISTORY) + 1
    event = MatchRated(
        student_id=filling.student_id(known),
        round=1,
        match_id=filling.match_id(known),
        tutor_id=filling.tutor_id(known % 60),
        stars=5,
    )
    return delivery(event, filling.event_id("rate", n))


GROWING: Final = (
    Growing(
        "students",
        "students",
        (),
        (filling.MATCHED, filling.FACTS.replace("{published}", "now()")),
        _STUDENTS,
        (Call("register", "register_student", _register),),
    ),
    Growing(
        "matching",
        "history",
        (filling.OFFERS.format(), filling.MONTHS),
        (filling.HISTORY, filling.OUTCOMES),
        _HISTORY,
        (
            Call("decide and record", "match_student", _decide),
            Call("record an outcome", "record_outcome", _rate),
        ),
    ),
    Growing(
        "matching",
        "tutors",
        (),
        (filling.TEACHERS,),
        _TUTORS,
        (Call("match", "match_student", _decide),),
        Bound(0.1),
    ),
)


async def measure(place: Place, quick: bool) -> list[Figure]:
    """The exponent of each call's cost, over rounds in which all sizes are asked in turn."""
    rounds, count = (3, 100) if quick else (10, 400)
    figures: list[Figure] = []
    for growing in GROWING:
        sizes = [size for size in growing.sizes if not quick or size <= _PIECE]
        costs = await _costs(place, growing, sizes, rounds, count)
        figures += [_figure(call, growing, costs[call.name], count) for call in growing.calls]
    return figures


async def _costs(
    place: Place, growing: Growing, sizes: Sequence[int], rounds: int, count: int
) -> dict[str, list[dict[int, float]]]:
    """Milliseconds by size, for each round; a round before them makes connections and plans."""
    costs: dict[str, list[dict[int, float]]] = {call.name: [] for call in growing.calls}
    async with AsyncExitStack() as stack:
        served = {n: await stack.enter_async_context(_sized(place, growing, n)) for n in sizes}
        await place.checkpoint()
        for number in range(rounds + 1):
            for call in growing.calls:
                file = _requests(place.folder, call, max(sizes) + number * count, count)
                medians = await in_turns(file, [served[n][call.name].port for n in sizes])
                taken = dict(zip(sizes, medians, strict=True))
                costs[call.name] += [taken] if number else []
    return costs


def _requests(folder: Path, call: Call, after: int, count: int) -> Path:
    numbers = range(after + 1, after + count + 1)
    return write(folder / "calls", [call.request(number) for number in numbers])


@asynccontextmanager
async def _sized(place: Place, growing: Growing, size: int) -> AsyncIterator[dict[str, Served]]:
    """The calls' functions, on a database of its own with so many rows; dropped afterwards."""
    await place.empty(growing.short)
    copy = await place.add_copy(growing.short, f"of_{size}")
    try:
        for sql in growing.before:
            await place.execute(sql, copy)
        for first in range(1, size + 1, _PIECE):
            for sql in growing.filled:
                last = min(size, first + _PIECE - 1)
                await place.execute(sql.format(first=first, last=last), copy)
        await place.execute("VACUUM (ANALYZE)", copy)
        dsn = place.postgres.dsn(copy, role_of(growing.short, "app"))
        async with AsyncExitStack() as stack:
            yield {
                call.name: await stack.enter_async_context(
                    contestant(call.function, dsn, place.folder)
                )
                for call in growing.calls
            }
    finally:
        await place.execute(f"DROP DATABASE {copy} WITH (FORCE)")


def _figure(
    call: Call, growing: Growing, costs: Sequence[Mapping[int, float]], count: int
) -> Figure:
    found = fit(costs)
    shown = ", ".join(f"{n:,}: {median(one[n] for one in costs):.2f}" for n in sorted(costs[0]))
    note = (
        f"{call.function}: 95 % {found.low:+.3f} to {found.high:+.3f};"
        f" ms by rows: {shown}; {len(costs)} rounds of {count} calls"
    )
    return Figure(
        GROUP, f"{call.name}, by {growing.rows}", found.value, "exponent", growing.bound, note
    )
