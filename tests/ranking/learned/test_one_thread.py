"""LightGBM on one thread, in one module, with nothing heavy beside it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from learnflow.ranking.learned.artifact import Artifact

ROOT = Path(__file__).parents[3]
OURS = ("learnflow", "functions", "db", "eventing", "tools")
SERVING = "learnflow.ranking.learned.champion"
HEAVY = {"pandas", "sklearn", "dask", "matplotlib", "pyarrow", "polars", "graphviz"}


def threads_unsaid(source: str) -> list[int]:
    """Lines that predict without saying `num_threads=1` themselves."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "predict"
        and not any(
            word.arg == "num_threads"
            and isinstance(word.value, ast.Constant)
            and word.value.value == 1
            for word in call.keywords
        )
    ]


def imported(source: str) -> set[str]:
    """The packages a module imports, at any depth in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def python(code: str, *args: str) -> str:
    """What a fresh interpreter prints."""
    run = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_one_module_serves_by_lightgbm_and_every_prediction_says_one_thread() -> None:
    sources = {p: p.read_text(encoding="utf-8") for n in OURS for p in (ROOT / n).rglob("*.py")}
    users = [path for path, source in sources.items() if "lightgbm" in imported(source)]
    serving = [path for path in users if path.parent.name != "evaluation"]
    assert [path.name for path in serving] == ["boosting.py"]
    assert sources[serving[0]].count(".predict(") == 2
    assert {path.name: threads_unsaid(sources[path]) for path in users} == {
        path.name: [] for path in users
    }


@pytest.mark.parametrize("said", ["", ", num_threads=2", ", threads=1"])
def test_a_prediction_that_does_not_say_one_thread_is_found(said: str) -> None:
    assert threads_unsaid(f"x = 1\ny = b.predict(x{said})\n") == [2]
    assert threads_unsaid("b.predict(x, raw_score=True, num_threads=1)") == []


def test_serving_loads_no_heavy_package() -> None:
    code = f"import sys, {SERVING}; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    found = set(python(code).split())
    assert {"lightgbm", "numpy"} <= found
    assert not found & HEAVY


def test_what_decides_loads_neither_numpy_nor_lightgbm_before_it_decides() -> None:
    code = (
        "import sys, learnflow.ranking.matching, learnflow.ranking.explaining; print(*sys.modules)"
    )
    assert not set(python(code).split()) & {"numpy", "scipy", "lightgbm", "prometheus_client"}


def test_no_function_loads_what_only_ranking_needs_when_it_is_loaded() -> None:
    code = """
import sys
from pathlib import Path
from learnflow.runtime.load import function_names, load_function
folder = Path("functions")
for name in function_names(folder):
    load_function(folder, name)
print(*sys.modules)
"""
    found = set(python(code).split())
    assert "functions.match_student.main" in found
    assert not found & {"numpy", "scipy", "lightgbm", "prometheus_client"}


FORKS = """
import os, sys, signal
from pathlib import Path
from learnflow.ranking.learned.artifact import Artifact
from learnflow.ranking.learned.loading import load
import numpy as np
artifact = Artifact.unpacked(Path(sys.argv[1]).read_bytes())
model = load(artifact)
x = np.zeros((5000, 39), dtype=np.float32)
expected = model.ranking.scores(x)
for _ in range(3):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        same = (model.ranking.scores(x) == expected).all()
        model.ranking.contributions(x[:10]); load(artifact)
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0, "the child did not answer"
print("answered")
"""


def test_a_forked_child_answers_from_its_parents_model(artifact: Artifact, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(artifact.packed())
    assert python(FORKS, str(path)) == "answered"
