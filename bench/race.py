"""The race: register_student against its peers, in alternating pairs over one Postgres."""

import statistics
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from bench.figures import Bound, Figure, ratio
from bench.load import CONNECTIONS, Shot, generator, warm
from bench.place import Place
from bench.processes import running
from bench.racers import OURS, PEERS, TITLES, ours, peer, shot

GROUP: Final = "race"
WITH_RELAY: Final = "register_student, relay on"
BOUNDS: Final = {
    "fastapi": Bound(2.5, 5, at_least=True),
    "bare": Bound(0.7, 0.9, at_least=True),
}
"""What our rate is to be, over that of a peer."""


async def measure(place: Place, quick: bool) -> list[Figure]:
    """Rates of all, and our rate over each peer's."""
    pairs, seconds = (1, 1.0) if quick else (5, 2.0)
    shots: defaultdict[str, list[Shot]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        racers = [await stack.enter_async_context(peer(place, name)) for name in PEERS]
        mine = await stack.enter_async_context(ours(place))
        for racer in (*racers, mine):
            await warm(racer.served.port)
        for _ in range(pairs):
            for racer in (*racers, mine):
                shots[racer.name].append(await shot(place, racer, seconds))
            async with _relay(place):
                shots[WITH_RELAY].append(await shot(place, mine, seconds))
    figures = [*rates(GROUP, shots), *ratios(GROUP, OURS, shots, BOUNDS)]
    return [*figures, *ratios(GROUP, WITH_RELAY, shots, {})]


@asynccontextmanager
async def _relay(place: Place) -> AsyncIterator[None]:
    command = ("bench.contestants", "relay", place.ours("students", "relay"))
    async with running(*command, log=place.folder / "relay.log"):
        yield


def rates(group: str, shots: Mapping[str, Sequence[Shot]]) -> list[Figure]:
    """The median rates; their latencies are those of a closed loop, to read them by."""
    return [_rate(group, TITLES.get(name, name), taken) for name, taken in shots.items()]


def _rate(group: str, name: str, shots: Sequence[Shot]) -> Figure:
    p50, p99 = (statistics.median(getattr(s, f"{p}_ms") for s in shots) for p in ("p50", "p99"))
    note = f"{generator()}, {CONNECTIONS} connections: p50 {p50:.1f} ms, p99 {p99:.1f} ms"
    return Figure(group, name, statistics.median(s.rate for s in shots), "1/s", None, note)


def ratios(
    group: str, who: str, shots: Mapping[str, Sequence[Shot]], bounds: Mapping[str, Bound]
) -> list[Figure]:
    """A rate over that of each peer that was asked."""
    return [
        ratio(
            [one.rate for one in shots[who]],
            [one.rate for one in shots[name]],
            group=group,
            name=f"{who} / {TITLES[name]}",
            bound=bounds.get(name),
        )
        for name in PEERS
        if name in shots
    ]
