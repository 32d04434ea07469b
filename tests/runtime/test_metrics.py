"""/metrics of every function: what was counted, in Prometheus's format, at no cost until asked."""

import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from learnflow.runtime.metrics import Counter
from tests.runtime.calling import app_of, call
from tests.runtime.sample import find_pupil

COUNTED = Counter("learnflow_test_things", "Things that a test counts.", "kind")


async def test_what_was_counted_is_told_beside_the_process() -> None:
    COUNTED.add("round")
    COUNTED.add("round")
    COUNTED.add('odd "one"\n')
    answer = await call(app_of(find_pupil), path="/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }
    assert found["learnflow_test_things_total", "round"] == 2
    assert found["learnflow_test_things_total", 'odd "one"\n'] == 1
    assert found["process_resident_memory_bytes",] > 1e6
    again = await call(app_of(find_pupil), path="/metrics")
    assert again.status == 200


def test_counting_loads_no_library() -> None:
    code = (
        "import sys, learnflow.runtime.app, learnflow.ranking.matching as m;"
        "m.DECISIONS.add('rules'); print('prometheus_client' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert run.stdout.strip() == "False", run.stderr
