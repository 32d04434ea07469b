"""A simulated market's log of bookings, as the loop reads the product's own."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from learnflow.ranking.loop.dataset import Dataset


def simulated_log(seed: int) -> "tuple[Dataset, datetime]":
    """Every booking of the market's weeks, and a moment when all are old enough to learn from."""
    from learnflow.evaluation.booking import book, when
    from learnflow.evaluation.world import WORLDS
    from learnflow.ranking.loop.dataset import Logged, dataset

    world = WORLDS["default"]
    found, _ = book(world, seed)
    log = [
        Logged(f"{number:08}", decided, tuple(f"tutor-{tutor:05}" for tutor in shown.tolist()))
        for number, (decided, shown) in enumerate(zip(found.log, found.shown, strict=True))
    ]
    return dataset(log), when(world.weeks + 3)
