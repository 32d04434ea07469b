"""`learnflow evaluate` prints tables, a last line of JSON, and a picture that is SVG."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from learnflow.cli.app import app
from learnflow.cli.problem import Problem
from learnflow.evaluation.contestants import CONTESTANTS
from learnflow.evaluation.picture import PANELS
from learnflow.evaluation.world import WORLDS, smaller


def test_it_shows_tables_a_picture_and_json_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WORLDS, "default", smaller(WORLDS["default"], 150, 60, 40))
    svg = tmp_path / "evaluation.svg"
    asked = ["evaluate", "--seeds", "1", "--jobs", "1", "--json", "--svg", str(svg)]
    result = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert result.exit_code == 0
    assert "lambdarank_with_positions" in result.stdout
    plain = json.loads(result.stdout.splitlines()[-1])
    assert set(plain["ndcg5"]) == set(CONTESTANTS)
    assert {"capture", "regret", "ece", "gini"} <= set(plain)
    drawn = ElementTree.fromstring(svg.read_text())
    bars = [one for one in drawn.iter() if (one.get("class") or "").startswith("bar")]
    assert len(bars) == len(CONTESTANTS) * len(PANELS)
    assert all(float(bar.get("width", "-1")) >= 0 for bar in bars)


def test_a_world_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(Problem, match="nowhere"):
        CliRunner().invoke(app, ["evaluate", "--world", "nowhere"], catch_exceptions=False)


def test_a_sample_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="does not exist"):
        CliRunner().invoke(app, ["evaluate", "--sample", str(tmp_path)], catch_exceptions=False)
