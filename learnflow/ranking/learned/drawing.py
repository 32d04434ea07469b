"""One draw without numpy: what its `default_rng(seed).choice(len(p), p=p)` gives, bit for bit.

The rules decide without numpy, whose import costs a process more than all its decisions' draws.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import reduce
from itertools import accumulate
from operator import add
from typing import Final

_32: Final = 0xFFFFFFFF
_64: Final = 0xFFFFFFFFFFFFFFFF
_128: Final = (1 << 128) - 1
_POOL: Final = 4
_MIX: Final = (0x43B0D7E5, 0x931E8875)
"""SeedSequence's constants: the first, and what leads to the next."""
_SPREAD: Final = (0x8B51F9DD, 0x58F38DED)
_LEFT, _RIGHT = 0xCA01F9DD, 0x4973F715
_PCG: Final = 0x2360ED051FC65DA44385DF649FCCF645
_BLOCK: Final = 128


def chosen(chances: Sequence[float], seed: int) -> int:
    """The place that this seed draws; a place's chance is its part of the sum of all."""
    total = _sum(chances)
    up_to = list(accumulate(chance / total for chance in chances))
    return bisect_right([each / up_to[-1] for each in up_to], uniform(seed))


def uniform(seed: int) -> float:
    """The first number in [0, 1) of PCG64, seeded as numpy does it."""
    words = _state(_pool(_words(seed)))
    start = words[1] << 96 | words[0] << 64 | words[3] << 32 | words[2]
    stream = words[5] << 96 | words[4] << 64 | words[7] << 32 | words[6]
    step = (stream << 1 | 1) & _128
    state = ((step + start) * _PCG + step) & _128
    state = (state * _PCG + step) & _128
    folded, turn = (state >> 64) ^ (state & _64), state >> 122
    drawn = (folded >> turn | folded << (64 - turn)) & _64
    return (drawn >> 11) / (1 << 53)


def _words(seed: int) -> list[int]:
    found = [seed & _32]
    while seed := seed >> 32:
        found.append(seed & _32)
    return found


def _pool(entropy: Sequence[int]) -> list[int]:
    """SeedSequence's pool, everything mixed with everything."""
    constant, factor = _MIX

    def hashed(value: int) -> int:
        nonlocal constant
        value ^= constant
        constant = constant * factor & _32
        value = value * constant & _32
        return value ^ value >> 16

    def mixed(into: int, value: int) -> int:
        found = (_LEFT * into - _RIGHT * hashed(value)) & _32
        return found ^ found >> 16

    pool = [hashed(entropy[n] if n < len(entropy) else 0) for n in range(_POOL)]
    for source in range(_POOL):
        for target in range(_POOL):
            if source != target:
                pool[target] = mixed(pool[target], pool[source])
    for word in entropy[_POOL:]:
        pool = [mixed(each, word) for each in pool]
    return pool


def _state(pool: Sequence[int]) -> list[int]:
    """Eight words for the generator."""
    constant, factor = _SPREAD
    found: list[int] = []
    for place in range(2 * _POOL):
        value = pool[place % _POOL] ^ constant
        constant = constant * factor & _32
        value = value * constant & _32
        found.append(value ^ value >> 16)
    return found


def _sum(values: Sequence[float]) -> float:
    """Added in the order in which numpy adds: eight sums beside each other, in halves when many."""
    count = len(values)
    if count > _BLOCK:
        half = count // 2 - count // 2 % 8
        return _sum(values[:half]) + _sum(values[half:])
    whole = count - count % 8
    total = 0.0
    if whole:
        r = [reduce(add, values[first:whole:8]) for first in range(8)]
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
    return reduce(add, values[whole:], total)
