"""Events per second: out of an outbox through the relay, and into functions, new and repeated."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench import filling
from bench.deliver import Delivered, deliver, delivery, write
from bench.figures import Bound, Figure, Invalid, ratio
from bench.load import CONNECTIONS
from bench.place import Place
from bench.processes import Served, contestant
from bench.relaying import GROUP, relayed
from db.roles import database_of
from eventing.events import Event, MatchingCompleted, StudentRegistered, TutorMatched

_INBOX: Final = "inbox"
_NEW: Final = Bound(0.2, 0.4, at_least=True)
_REPEATED: Final = Bound(0.4, 0.7, at_least=True)
_INBOX_TABLE: Final = """
CREATE TABLE inbox (
  consumer text NOT NULL, source text NOT NULL, event_id text NOT NULL,
  heard_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (consumer, source, event_id))
"""


@dataclass(frozen=True)
class Hearing:
    """A function that reacts, what it is sent, and what it has to work on.

    match_student ranks sixty tutors for each event: its ratios to an insert have no target.
    """

    function: str
    short: str
    event: Callable[[int], Event]
    filled: str
    table: str
    bound: bool = True


def _registered(n: int) -> Event:
    student = filling.student_id(n)
    return StudentRegistered(student_id=student, version=1, grade=7, subject="mathematics")


def _proposed(n: int) -> Event:
    return MatchingCompleted(
        student_id=filling.student_id(n),
        round=1,
        outcome="matched",
        student_version=1,
        match_id=filling.match_id(n),
        tutor_id=filling.tutor_id(n % 60),
    )


def _booked(n: int) -> Event:
    return TutorMatched(
        student_id=filling.student_id(n),
        round=1,
        match_id=filling.match_id(n),
        tutor_id=filling.tutor_id(n % 60),
    )


HEARINGS: Final = (
    Hearing("match_student", "matching", _registered, filling.OFFERS, "requests", bound=False),
    Hearing("book_tutor", "tutors", _proposed, filling.TEACHING, "bookings"),
    Hearing("notify_student", "students", _booked, filling.STUDENTS, "notifications"),
)


async def measure(place: Place, quick: bool) -> list[Figure]:
    """The relay beside its own SQL; each reaction beside a bare insert of the same inbox rows."""
    rounds, count = (1, 300) if quick else (5, 2000)
    figures = await relayed(place, rounds, 2_000 if quick else 20_000)
    await place.add_peer(_INBOX, _INBOX_TABLE)
    for hearing in HEARINGS:
        figures += await _heard(place, hearing, rounds, count)
    return figures


async def _heard(place: Place, hearing: Hearing, rounds: int, count: int) -> list[Figure]:
    found: defaultdict[str, list[Delivered]] = defaultdict(list)
    await place.empty(hearing.short)
    total = (rounds + 1) * count
    await place.execute(hearing.filled.format(first=0, last=total), database_of(hearing.short))
    async with AsyncExitStack() as stack:
        dsn = place.ours(hearing.short)
        ours = await stack.enter_async_context(contestant(hearing.function, dsn, place.folder))
        dsn = place.peers(_INBOX)
        bare = await stack.enter_async_context(contestant(_INBOX, dsn, place.folder))
        for number in range(rounds + 1):
            numbers = range(number * count, (number + 1) * count)
            taken = await _round(place, hearing, ours, bare, numbers)
            for name, one in taken.items():
                found[name] += [one] if number else []  # the first makes connections and plans
    done = await place.count(database_of(hearing.short), hearing.table)
    if done != total:
        raise Invalid(f"{hearing.function}: {total} events, {done} rows in {hearing.table}")
    await place.empty(hearing.short)
    return _figures(hearing, found)


async def _round(
    place: Place, hearing: Hearing, ours: Served, bare: Served, numbers: range
) -> dict[str, Delivered]:
    requests = [delivery(hearing.event(n), filling.event_id(hearing.function, n)) for n in numbers]
    file = write(place.folder / "events", requests)
    await place.checkpoint()
    return {
        "bare": await deliver(bare.port, file, CONNECTIONS),
        "new": await deliver(ours.port, file, CONNECTIONS),
        "bare again": await deliver(bare.port, file, CONNECTIONS),
        "again": await deliver(ours.port, file, CONNECTIONS),
    }


def _figures(hearing: Hearing, found: Mapping[str, Sequence[Delivered]]) -> list[Figure]:
    rates = {name: [one.rate for one in taken] for name, taken in found.items()}
    note = f"one instance, {CONNECTIONS} connections, {found['new'][0].events} events a round"
    name = hearing.function
    return [
        Figure(GROUP, f"{name}, new events", median(rates["new"]), "1/s", None, note),
        Figure(GROUP, f"{name}, repeated events", median(rates["again"]), "1/s", None, note),
        ratio(
            rates["new"],
            rates["bare"],
            group=GROUP,
            name=f"{name}, new / bare inbox insert",
            bound=_NEW if hearing.bound else None,
        ),
        ratio(
            rates["again"],
            rates["bare again"],
            group=GROUP,
            name=f"{name}, repeated / bare inbox insert",
            bound=_REPEATED if hearing.bound else None,
        ),
    ]
