"""How does the rate grow with connections? Closed loops of 1 to 128, and the law fitted to them."""

import math
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from bench.figures import Figure, ratio
from bench.load import warm
from bench.place import Place
from bench.race import BOUNDS
from bench.racers import OURS, PEERS, Racer, ours, peer, shot
from bench.usl import Point, Usl, fit

GROUP: Final = "scaling"
CONNECTIONS: Final = (1, 2, 4, 8, 16, 32, 64, 128)
_QUICK: Final = (1, 4, 16, 64)


async def measure(place: Place, quick: bool) -> list[Figure]:
    """Every contestant at every number of connections, in turns; a law for each."""
    rounds, seconds = (1, 1.0) if quick else (3, 2.0)
    peers = ("bare", "fastapi") if quick else PEERS
    points: defaultdict[str, list[list[Point]]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        racers = [await stack.enter_async_context(peer(place, name)) for name in peers]
        racers.append(await stack.enter_async_context(ours(place)))
        for racer in racers:
            await warm(racer.served.port)
        for _ in range(rounds):
            for racer in racers:
                points[racer.name].append([])
            for connections in _QUICK if quick else CONNECTIONS:
                for racer in racers:
                    rate = (await shot(place, racer, seconds, connections)).rate
                    points[racer.name][-1].append((connections, rate))
    return [*(_law(racer, points[racer.name]) for racer in racers), *_ratios(racers, points)]


def _law(racer: Racer, rounds: Sequence[Sequence[Point]]) -> Figure:
    law = fit([point for one in rounds for point in one])
    best, at = max((rate, n) for one in rounds for n, rate in one)
    peak = f"peak at {law.peak:.0f} connections" if math.isfinite(law.peak) else "no peak"
    note = (
        f"λ {law.lam:.0f}/s, σ {law.sigma:.4f}, κ {law.kappa:.6f}, R² {law.r_squared:.3f};"
        f" {peak}; best seen {best:.0f}/s at {at}"
    )
    return Figure(GROUP, f"{racer.title}, fitted peak", _peak(law), "1/s", None, note)


def _peak(law: Usl) -> float:
    """The law's greatest rate within what was measured."""
    return law.rate(min(law.peak, CONNECTIONS[-1]))


def _ratios(racers: Sequence[Racer], points: dict[str, list[list[Point]]]) -> list[Figure]:
    peaks = {name: [_peak(fit(one)) for one in rounds] for name, rounds in points.items()}
    return [
        ratio(
            peaks[OURS],
            peaks[racer.name],
            group=GROUP,
            name=f"fitted peak / {racer.title}",
            bound=BOUNDS.get(racer.name),
        )
        for racer in racers
        if racer.name != OURS
    ]
