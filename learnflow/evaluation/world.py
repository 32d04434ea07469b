"""The parameters of a market, fixed with their reasons in docs/decisions/0016 before any result."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class World:
    """What a market is like. Weeks and counts; `position_bias` is the exponent of 1/place."""

    tutors: int = 900
    students_a_week: int = 400
    weeks: int = 12
    trained_weeks: int = 8
    mature_weeks: int = 10
    judged_students: int = 500
    shown: int = 10
    position_bias: float = 1.0
    random_requests: float = 0.1
    swapped: float = 0.1
    lifted: float = 0.1
    person_noise: float = 0.6
    skill_drift: float = 0.03
    past: float = 1.0
    """How much there is of earlier matches: one in 60 days on the platform at 1."""
    noise_only: bool = False
    """Labels do not depend on the pair."""
    linear: bool = False
    """Utility is a weighted sum of what is seen, and acceptance does not depend on the pair."""
    infinite_capacity: bool = False
    booked: bool = False
    """The first candidate is booked, as in the product; nobody looks at a list (booking.py)."""


DEFAULT: Final = World()
WORLDS: Final = {
    "default": DEFAULT,
    "strong": replace(DEFAULT, position_bias=1.5),
    "unbiased": replace(DEFAULT, position_bias=0.0),
    "established": replace(DEFAULT, past=6.0),
    "noise": replace(DEFAULT, noise_only=True),
    "linear": replace(DEFAULT, linear=True, position_bias=0.0, random_requests=0.0),
    "infinite": replace(DEFAULT, infinite_capacity=True),
    "booked": replace(DEFAULT, booked=True),
}
"""The market as it may be, and those that must make the method lose or change nothing."""


def smaller(world: World, tutors: int, students_a_week: int, judged: int) -> World:
    """The same world with fewer people, for tests."""
    return replace(world, tutors=tutors, students_a_week=students_a_week, judged_students=judged)
