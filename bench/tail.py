"""Tail latency: p99 of ours and of each peer, both at half the slower one's maximum, open loop."""

import statistics
from contextlib import AsyncExitStack
from typing import Final

from bench.figures import Bound, Figure, ratio
from bench.load import warm
from bench.pace import Paced, paced
from bench.place import Place
from bench.racers import PEERS, Racer, ours, peer, shot

GROUP: Final = "tail"
_SHARE: Final = 0.5
_RIVALS: Final = tuple(name for name in PEERS if name != "bare")
"""Bare asyncpg is a limit and no rival: at half its maximum a pause of the machine fills an
instance of ours, which then refuses (P5) where the bare one lets everybody wait."""


async def measure(place: Place, quick: bool) -> list[Figure]:
    """Pairs that alternate, against every peer; the rate is the slower one's, found just before."""
    rounds, seconds = (1, 1.0) if quick else (5, 4.0)
    peers = ("fastapi", "wsgi") if quick else _RIVALS
    figures: list[Figure] = []
    async with AsyncExitStack() as stack:
        mine = await stack.enter_async_context(ours(place))
        await warm(mine.served.port)
        for name in peers:
            async with peer(place, name) as other:
                await warm(other.served.port)
                figures += await _against(place, mine, other, rounds, seconds)
    return figures


async def _against(
    place: Place, mine: Racer, other: Racer, rounds: int, seconds: float
) -> list[Figure]:
    rate = _SHARE * min([await _maximum(place, racer, rounds) for racer in (mine, other)])
    tails: dict[str, list[Paced]] = {mine.name: [], other.name: []}
    for number in range(rounds):
        for racer in (other, mine) if number % 2 == 0 else (mine, other):
            await place.checkpoint()
            tails[racer.name].append(await paced(racer.served.port, rate, seconds))
    return _figures(mine, other, rate, tails)


async def _maximum(place: Place, racer: Racer, rounds: int) -> float:
    """Requests per second of a closed loop."""
    return statistics.median([(await shot(place, racer, 1.0)).rate for _ in range(min(3, rounds))])


def _figures(mine: Racer, other: Racer, rate: float, tails: dict[str, list[Paced]]) -> list[Figure]:
    figures = []
    for racer in (mine, other):
        p99s = [one.p99_ms for one in tails[racer.name]]
        p50, p999 = (
            statistics.median(getattr(one, name) for one in tails[racer.name])
            for name in ("p50_ms", "p999_ms")
        )
        busiest = max(one.busy for one in tails[racer.name])
        note = (
            f"{min(p99s):.1f}-{max(p99s):.1f} over {len(p99s)} rounds;"
            f" p50 {p50:.1f}, p99.9 {p999:.1f}; load {busiest:.0%} of a core"
        )
        name = f"p99 at {rate:.0f}/s, {racer.title}"
        figures.append(Figure(GROUP, name, statistics.median(p99s), "ms", None, note))
    both = ([one.p99_ms for one in tails[racer.name]] for racer in (mine, other))
    return [*figures, ratio(*both, group=GROUP, name=f"p99 / {other.title}", bound=Bound(1))]
