"""Whether a log can tell a tutor's worth from their place: only if chance moved somebody.

Two places can be compared when chance moved tutors between them; all can when they hang together
(the graph of Chen et al., "Identifiability Matters", 2024).
"""

from collections.abc import Iterable
from typing import Final

LEAST: Final = 30
"""Lists in which chance had a say at a place, below which it says nothing."""
_CERTAIN: Final = 1 - 1e-9


def explored(propensities: Iterable[Iterable[float] | None]) -> dict[int, int]:
    """Place (from 0) -> in how many lists somebody else could have stood there."""
    found: dict[int, int] = {}
    for chances in propensities:
        for place, chance in enumerate(() if chances is None else chances):
            if chance < _CERTAIN:  # False for NaN, which was not logged
                found[place] = found.get(place, 0) + 1
    return found


def identifiable(
    propensities: Iterable[Iterable[float] | None], places: Iterable[int], least: int = LEAST
) -> bool:
    """Whether chance had a say at each of these places, in enough lists.

    A tutor who is moved changes places with another, so places where chance had a say hang
    together as long as they follow one another. For a log of bookings, `places` are 0 and 1: who is
    booked, and who would have been.
    """
    found = explored(propensities)
    wanted = sorted(places)
    together = wanted == list(range(wanted[0], wanted[-1] + 1)) if wanted else False
    return together and all(found.get(place, 0) >= least for place in wanted)
