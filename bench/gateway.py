"""The race through the gateway of a whole system, against peers on the same Postgres."""

import signal
import statistics
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Final

from bench.figures import Figure
from bench.load import Shot, warm
from bench.place import Place
from bench.processes import Served
from bench.race import rates, ratios
from bench.racers import PEERS, TITLES, Racer, peer, shot
from bench.system import System
from db.roles import database_of

GROUP = "gateway"
OURS: Final = "register_student, gateway"
ALL_ON: Final = f"{OURS}, all on"


async def measure(system: System, quick: bool) -> list[Figure]:
    """Through the gateway with the relay held, then with relay, matching and all on."""
    pairs, seconds = (1, 1.0) if quick else (5, 2.0)
    peers = ("fastapi",) if quick else PEERS
    place = Place(system.folder, system.postgres)
    shots: defaultdict[str, list[Shot]] = defaultdict(list)
    assert system.child is not None
    ours = Racer(OURS, Served(system.child, system.port), database_of("students"), outbox=True)
    async with AsyncExitStack() as stack:
        racers = [await stack.enter_async_context(peer(place, name)) for name in peers]
        with _relay_held(system):
            for racer in (*racers, ours):
                await warm(racer.served.port)
            for _ in range(pairs):
                for racer in (*racers, ours):
                    shots[racer.name].append(await shot(place, racer, seconds))
            await place.execute("TRUNCATE students, outbox, notifications", ours.database)
    shots[ALL_ON] = [await shot(place, ours, seconds) for _ in range(1 if quick else 2)]
    return [*rates(GROUP, shots), *ratios(GROUP, OURS, shots, {}), _all_on(shots)]


@contextmanager
def _relay_held(system: System) -> Iterator[None]:
    """Nothing leaves the outbox for the time of the block."""
    relays = system.processes()["relay"]
    for relay in relays:
        relay.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for relay in relays:
            relay.send_signal(signal.SIGCONT)


def _all_on(shots: dict[str, list[Shot]]) -> Figure:
    all_on = statistics.median(one.rate for one in shots[ALL_ON])
    theirs = statistics.median(one.rate for one in shots["fastapi"])
    note = "matching, booking and telling on the same processors meanwhile; medians, no pairs"
    name = f"{ALL_ON} / {TITLES['fastapi']}"
    return Figure(GROUP, name, all_on / theirs, "x", None, note)
