"""What hooked children run: the product's own entry points, with one thing changed around them.

LEARNFLOW_TEST_HOOK says which: `crash` ends the process at eight points, `ok` answers deliveries
with a body, `count` writes down how many requests an instance had at once.
"""

import os
from pathlib import Path

from learnflow.local import relay_process
from learnflow.local.child import Job
from learnflow.local.child import serve_function as serve_plain
from tests.system import crashing, sabotage

HOOK = "LEARNFLOW_TEST_HOOK"
FOLDER = "LEARNFLOW_TEST_FOLDER"


def serve_function(job: Job) -> None:
    """Serve one function, hooked."""
    folder = Path(os.environ[FOLDER])
    match os.environ[HOOK]:
        case "crash":
            crashing.in_functions(folder)
        case "first":
            crashing.in_first_answer(folder)
        case "ok":
            sabotage.answer_with_body()
        case "count":
            sabotage.count_requests(folder, job.name)
    serve_plain(job)


def relay(job: Job) -> None:
    """Relay, hooked."""
    if os.environ[HOOK] == "crash":
        crashing.in_relay(Path(os.environ[FOLDER]))
    relay_process.main(job)
