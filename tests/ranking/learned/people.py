"""Made-up students and tutors, and what a hidden taste makes of them."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from db.matching.store import Asking, Offer
from learnflow.ranking.learned.base import start
from learnflow.ranking.learned.columns import Floats, Student, Tutors, columns, wishes
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.vocabulary import GOALS, HOURS

TIMES = tuple(HOURS)[::5]
LANGUAGES = ("en", "de", "fr", "tr", "zh-hant")
DAY = date(2026, 11, 22)


def some(rng: np.random.Generator, words: tuple[str, ...], most: int) -> list[str]:
    """A few of the words, perhaps none."""
    return [str(word) for word in rng.permutation(words)[: rng.integers(0, most + 1)]]


def maybe(rng: np.random.Generator, value: int) -> int | None:
    """The value, or unknown."""
    return None if rng.random() < 0.2 else value


def asking(rng: np.random.Generator, number: int = 0) -> Asking:
    """What some student asks for."""
    return Asking(
        f"s{number}", int(rng.integers(1, 13)), str(rng.choice(["mathematics", "physics", "yoga"])),
        some(rng, TIMES, 8), some(rng, LANGUAGES, 2), maybe(rng, int(rng.integers(1, 6))),
        some(rng, GOALS, 2),
    )  # fmt: skip


def offers(rng: np.random.Generator, count: int) -> list[Offer]:
    """What some tutors offer."""
    found = []
    for number in range(count):
        low, high = sorted(int(grade) for grade in rng.integers(1, 13, 2))
        capacity = int(rng.integers(1, 9))
        found.append(Offer(
            f"t{number:05}", low, high, capacity, int(rng.integers(0, capacity)),
            some(rng, TIMES, 12), some(rng, LANGUAGES, 3), maybe(rng, int(rng.integers(1, 6))),
            maybe(rng, int(rng.integers(0, 30))), some(rng, GOALS, 3),
        ))  # fmt: skip
    return found


def experienced(rng: np.random.Generator, found: list[Offer]) -> list[Offer]:
    """The same, most of them with past matches."""
    made = []
    for offer in found:
        matches, days = rng.integers(0, 30), rng.integers(1, 900)
        accepted = rng.integers(0, matches + 1)
        rated = rng.integers(0, accepted + 1)
        if rng.random() < 0.8:
            offer = replace(
                offer, rating_sum=int(rated * rng.uniform(1, 5)), rating_n=int(rated),
                accepted_n=int(accepted), declined_n=int(matches - accepted),
                ended_n=int(accepted // 3), matches_n=int(matches), days_on_platform=float(days),
                subjects_n=2,
            )  # fmt: skip
        made.append(offer)
    return made


def tutors(seed: int, count: int) -> Tutors:
    """Tutors in columns."""
    rng = np.random.default_rng(seed)
    return columns(experienced(rng, offers(rng, count)))


def student(seed: int) -> Student:
    """One student."""
    return wishes(asking(np.random.default_rng(seed)), DAY)


@dataclass(frozen=True)
class Rows:
    """Rows to train on, each query's together."""

    x: Floats
    labels: npt.NDArray[np.int64]
    queries: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    start: npt.NDArray[np.float64]
    accepted: npt.NDArray[np.int64]

    @property
    def groups(self) -> npt.NDArray[np.int64]:
        """Rows per query."""
        return np.unique(self.queries, return_counts=True)[1]


def rows(queries: int = 250, shown: int = 20, seed: int = 7) -> Rows:
    """What students with a hidden taste would have chosen among tutors shown in rules' order."""
    rng = np.random.default_rng(seed)
    market = tutors(seed, 300)
    x = np.vstack([
        matrix(wishes(asking(rng, n), DAY), market.take(rng.choice(300, shown, replace=False)))
        for n in range(queries)
    ])  # fmt: skip
    known = np.nan_to_num(x, nan=0.0).astype(np.float64)
    taste = known[:, 17] + known[:, 0] * (known[:, 6] + 0.5) + rng.normal(size=len(x)) * 0.5
    labels = np.digitize(taste, np.quantile(taste, [0.5, 0.75, 0.9, 0.97]))
    query = np.repeat(np.arange(queries), shown)
    order = np.lexsort((-start(x), query))
    positions = np.empty(len(x), dtype=np.int64)
    positions[order] = np.tile(np.arange(shown), queries)
    accepted = (rng.random(len(x)) < 1 / (1 + np.exp(3 * known[:, 25] - 2))).astype(np.int64)
    return Rows(x, labels, query, positions, start(x), accepted)
