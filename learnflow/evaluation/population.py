"""Who is in the market: tutors by column with what is hidden of them, and students one by one."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learnflow.evaluation.world import World
from learnflow.ranking.learned.columns import Bits, Student, Tutors, hours
from learnflow.ranking.learned.vocabulary import DAYS, GOALS, HOURS

Floats = NDArray[np.float64]
SUBJECTS: Final = (
    *("mathematics", "english", "german", "physics"),
    *("chemistry", "biology", "history", "computer-science"),
)
_WANTED: Final = np.array([0.26, 0.18, 0.16, 0.12, 0.1, 0.1, 0.08])
NEW_SUBJECT: Final = 7
NEW_SUBJECT_WEEK: Final = 8
_NEW_SHARE: Final = 0.08
LANGUAGES: Final = ("de", "en", "fr", "tr")
_SPOKEN: Final = np.array([0.9, 0.5, 0.2, 0.2])
_HOURS: Final = [HOURS[f"{day}-{hour:02}"] for day in DAYS[:6] for hour in range(14, 21)]
_NAMES: Final = {place: name for name, place in HOURS.items()}
EXAM, CATCH_UP, ENRICHMENT, HOMEWORK = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """What no model sees of the tutors."""

    skill: Floats
    """Shape (tutors, subjects); drifts."""
    patience: Floats
    strengths: Bits
    best_grade: Floats
    pickiness: Floats
    teaches: NDArray[np.bool_]
    """Shape (tutors, subjects); candidates are filtered by it in SQL."""


@dataclass(frozen=True, slots=True, eq=False)
class Pupil:
    """A student as the models see one, and what they do not see."""

    seen: Student
    subject: int
    need: int
    intensity: float
    sensitivity: float


def draw_tutors(world: World, rng: np.random.Generator) -> tuple[Tutors, Hidden]:
    """Tutors with a past on the platform; days below 1 are of those who join later."""
    n = world.tutors
    common = rng.normal(size=n)
    teaches = _teaches(n, rng)
    skill = 0.8 * common[:, None] + 0.6 * rng.normal(size=(n, len(SUBJECTS)))
    low = rng.integers(1, 9, n)
    high = np.minimum(low + rng.integers(3, 9, n), 12)
    strengths = _bits(rng.random((n, len(GOALS))) < 0.45)
    hidden = Hidden(
        skill=skill,
        patience=rng.normal(size=n),
        strengths=strengths,
        best_grade=np.clip((low + high) / 2 + rng.normal(size=n), low, high),
        pickiness=rng.normal(size=n),
        teaches=teaches,
    )
    joined = np.where(rng.random(n) < 0.8, rng.exponential(300, n), -rng.integers(0, 84, n))
    capacity = np.full(n, 10_000) if world.infinite_capacity else rng.integers(1, 9, n)
    wrong = _bits(rng.random((n, len(GOALS))) < 0.05)
    price = np.clip(np.round(3 + 0.8 * common + rng.normal(0, 0.8, n)), 1, 5)
    experience = np.round(rng.exponential(5 * np.exp(0.2 * common)))
    past = _past(world, joined, common, hidden, rng)
    tutors = Tutors(
        ids=np.array([f"tutor-{number:05}" for number in range(n)]),
        grade_min=low.astype(np.float32),
        grade_max=high.astype(np.float32),
        capacity=capacity.astype(np.float32),
        held=np.where(joined > 0, rng.binomial(np.minimum(capacity, 8), 0.4), 0).astype(np.float32),
        price_band=_unsaid(price, 0.1, rng),
        experience_years=_unsaid(np.minimum(experience, 40), 0.15, rng),
        times=np.array([_times(int(rng.integers(4, 17)), rng) for _ in range(n)]),
        languages=_bits(rng.random((n, len(LANGUAGES))) < _SPOKEN)[:, None],
        goals=np.where(rng.random(n) < 0.2, np.uint64(0), strengths ^ wrong),
        language_codes=LANGUAGES,
        days_on_platform=joined.astype(np.float32),
        subjects_n=teaches.sum(axis=1).astype(np.float32),
        **past,
    )
    return tutors, hidden


def draw_pupil(week: int, rng: np.random.Generator) -> Pupil:
    """A student who comes in that week; exams near, more come for them and with higher budgets."""
    new = week >= NEW_SUBJECT_WEEK and rng.random() < _NEW_SHARE
    subject = NEW_SUBJECT if new else int(rng.choice(NEW_SUBJECT, p=_WANTED))
    season = week / 13
    mix = np.array([0.2 + 0.3 * season, 0.4 - 0.2 * season, 0.15, 0.25 - 0.1 * season])
    need = int(rng.choice(4, p=mix))
    goals = {need} if rng.random() < 0.8 else set()
    if rng.random() < 0.3:
        goals.add(int(rng.integers(4)))
    spoken = rng.random(len(LANGUAGES)) < _SPOKEN * np.array([1.0, 0.3, 0.3, 0.5])
    budget = float(np.clip(np.round(rng.normal(3.4 + 0.4 * season, 1.0)), 1, 5))
    seen = Student(
        grade=float(rng.integers(1, 13)),
        subject=SUBJECTS[subject],
        times=_times(int(rng.integers(2, 9)), rng) if rng.random() < 0.9 else hours(()),
        languages=tuple(code for code, is_ in zip(LANGUAGES, spoken, strict=True) if is_),
        goals=sum(1 << goal for goal in goals),
        budget_band=float("nan") if rng.random() < 0.25 else budget,
        day_of_year=32 + 7 * week,
    )
    return Pupil(seen, subject, need, rng.uniform(0.6, 1.4), rng.uniform(0, 2))


def _past(
    world: World, joined: Floats, common: Floats, hidden: Hidden, rng: np.random.Generator
) -> dict[str, NDArray[np.float32]]:
    """What earlier matches left behind, rated by those who cared to."""
    matches = rng.poisson(world.past * np.maximum(joined, 0) / 60 * np.exp(0.3 * common))
    accepted = rng.binomial(matches, logistic(1.5 + 0.6 * hidden.pickiness))
    rated = rng.binomial(accepted, 0.3)
    stars = np.clip(3.8 + 0.6 * common + rng.normal(0, 0.9, len(joined)) / np.sqrt(rated + 1), 1, 5)
    ended = rng.binomial(accepted, logistic(-1.2 - 0.5 * common - 0.8 * hidden.patience))
    found = {
        "rating_sum": stars * rated,
        "rating_n": rated,
        "accepted_n": accepted,
        "declined_n": matches - accepted,
        "ended_n": ended,
        "matches_n": matches,
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def logistic(x: Floats) -> Floats:
    """1 / (1 + exp(-x))."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _teaches(n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    teaches = np.zeros((n, len(SUBJECTS)), dtype=np.bool_)
    weights = np.append(_WANTED, _NEW_SHARE) / (_WANTED.sum() + _NEW_SHARE)
    for row, many in zip(teaches, rng.integers(1, 4, n), strict=True):
        row[rng.choice(len(SUBJECTS), many, replace=False, p=weights)] = True
    return teaches


def _times(many: int, rng: np.random.Generator) -> Bits:
    return hours(_NAMES[place] for place in rng.choice(_HOURS, many, replace=False))


def _bits(flags: NDArray[np.bool_]) -> Bits:
    weights = np.uint64(1) << np.arange(flags.shape[1], dtype=np.uint64)
    return np.asarray((flags * weights).sum(axis=1), dtype=np.uint64)


def _unsaid(values: Floats, share: float, rng: np.random.Generator) -> NDArray[np.float32]:
    return np.where(rng.random(len(values)) < share, np.nan, values).astype(np.float32)
