"""The gate: each reason to refuse, shown by the one number that makes it; a good model passes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from learnflow.ranking.intervals import Interval
from learnflow.ranking.loop.comparing import NOBODY, Comparison
from learnflow.ranking.loop.gate import Evidence, reasons
from learnflow.ranking.off_policy import Estimate
from tests.ranking.loop.market import NOW

BETTER = Interval(0.05, 0.01, 0.09)
SURE = Estimate(0.5, 0.5, 500.0)
COMPARED = Comparison(
    queries=200, decisions=2000, challenger=Interval(0.7, 0.65, 0.75),
    champion=Interval(0.65, 0.6, 0.7), gain=BETTER, ece=0.05, gini=0.52, champion_gini=0.5,
    challenger_worth=SURE, champion_worth=SURE,
)  # fmt: skip
GOOD = Evidence("live", 5_000, NOW - timedelta(days=30), COMPARED)
NAN = float("nan")


def codes(evidence: Evidence) -> list[str]:
    return [reason.code for reason in reasons(evidence, NOW)]


def compared(**changed: object) -> Evidence:
    return replace(GOOD, comparison=replace(COMPARED, **changed))  # type: ignore[arg-type]


def test_a_good_challenger_passes_at_every_limit() -> None:
    assert codes(GOOD) == []


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (replace(GOOD, accepted=4_999), "too_few_matches"),
        (replace(GOOD, comparison=replace(COMPARED, queries=0)), "no_evaluation_rows"),
        (replace(GOOD, newest=NOW - timedelta(days=30, seconds=1)), "stale"),
        (compared(gain=Interval(0.05, 0.0, 0.1)), "not_better"),
        (compared(gain=Interval(-0.05, -0.1, 0.01)), "not_better"),
        (compared(gain=NOBODY), "not_better"),
        (compared(ece=0.0501), "miscalibrated"),
        (compared(ece=NAN), "miscalibrated"),
        (compared(gini=0.6501), "load_concentrated"),
        (compared(challenger_worth=Estimate(0.3, 0.3, 500.0)), "worth_less"),
        (compared(challenger_worth=Estimate(NAN, NAN, 500.0)), "worth_less"),
        (replace(GOOD, unfit="trained on other features: rating"), "unfit"),
        (replace(GOOD, kind="synthetic"), "synthetic"),
    ],
)
def test_each_reason_refuses_by_itself(evidence: Evidence, code: str) -> None:
    assert codes(evidence) == [code]


def test_an_estimate_from_few_decisions_speaks_neither_for_nor_against() -> None:
    assert codes(compared(challenger_worth=Estimate(0.1, 0.1, 499.9))) == []
    few = compared(champion_worth=Estimate(0.9, 0.9, 499.9))
    assert codes(few) == []


def test_all_reasons_are_told_with_their_numbers() -> None:
    bad = Evidence("synthetic", 312, NOW - timedelta(days=60), None, "trained on other features")
    told = [str(reason) for reason in reasons(bad, NOW)]
    assert [one.partition(":")[0] for one in told] == [
        *("unfit", "synthetic", "too_few_matches", "stale", "no_evaluation_rows")
    ]
    assert "312 accepted" in told[2]
    assert "5000" in told[2]
    assert "2026-09-23" in told[3]
