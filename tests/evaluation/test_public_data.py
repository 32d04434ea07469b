"""LightGBM's sample as libsvm files; the real one is compared by `evaluate --sample`."""

from pathlib import Path

import numpy as np
import pytest

from learnflow.evaluation.public_data import BadData, compare, read


def sample(folder: Path, name: str, queries: int, seed: int) -> None:
    """Queries of 12 rows whose grade follows feature 3."""
    rng = np.random.default_rng(seed)
    lines = [
        f"{int(value * 4.99)} 3:{value:.4f} 7:{other:.4f}"
        for value, other in rng.random((12 * queries, 2))
    ]
    (folder / f"rank.{name}").write_text("\n".join(lines) + "\n")
    (folder / f"rank.{name}.query").write_text("12\n" * queries)


def test_rows_are_read_with_zeros_for_what_is_not_said(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("2 1:0.5 3:1\n0 2:7\n")
    (tmp_path / "queries").write_text("2\n")
    found = read(tmp_path / "rows", tmp_path / "queries")
    assert found.x.tolist() == [[0, 0.5, 0, 1], [0, 0, 7, 0]]
    assert (found.labels.tolist(), found.groups.tolist()) == ([2, 0], [2])


def test_models_find_what_orders_a_made_up_sample(tmp_path: Path) -> None:
    sample(tmp_path, "train", 60, 1)
    sample(tmp_path, "test", 10, 2)
    found = compare(tmp_path)
    assert found["oracle"].mean == pytest.approx(1)
    for name in ("logistic_regression", "pointwise_lightgbm", "lambdarank"):
        assert found[name].mean > 0.9 > found["random"].mean


@pytest.mark.parametrize(
    ("rows", "queries", "says"),
    [
        ("1 1:0.5\n", "2\n", "counts 2 rows"),
        ("1 1=0.5\n", "1\n", "line 1"),
        ("one 1:0.5\n", "1\n", "line 1"),
        (None, "1\n", "does not exist"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, rows: str | None, queries: str, says: str) -> None:
    if rows is not None:
        (tmp_path / "rows").write_text(rows)
    (tmp_path / "queries").write_text(queries)
    with pytest.raises(BadData, match=says):
        read(tmp_path / "rows", tmp_path / "queries")
