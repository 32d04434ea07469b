"""Durations in the two notations of Knative."""

import pytest

from learnflow.manifests.quantities import go_seconds, iso_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT0.5S", 0.5), ("PT30S", 30), ("PT1M30S", 90), ("PT2H", 7200), ("P1D", 86400)],
)
def test_an_iso_duration_is_seconds(text: str, seconds: float) -> None:
    assert iso_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "30", "30s", "P1M", "P1Y", "PT5", "-PT5S", "pt5s"])
def test_what_is_no_iso_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        iso_seconds(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("6s", 6), ("1m30s", 90), ("1h", 3600), ("0.5s", 0.5)]
)
def test_a_go_duration_is_seconds(text: str, seconds: float) -> None:
    assert go_seconds(text) == seconds


def test_milliseconds_are_not_minutes() -> None:
    assert go_seconds("500ms") == pytest.approx(0.5)
    assert go_seconds("0") == 0


@pytest.mark.parametrize("text", ["", "60", "s", "60 s", "1d", "PT6S", "6sx"])
def test_what_is_no_go_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        go_seconds(text)
