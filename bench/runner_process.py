"""`python -m bench.runner_process ROOT STATE`: the embedded system, as `learnflow up` runs it.

It has a root and a state of its own, so that it disturbs no other. One JSON line says where.
"""

import json
import sys
from pathlib import Path

import uvloop

from learnflow.local import paths
from learnflow.local.runner import Runner
from learnflow.settings import Settings


async def run(root: str, state: str) -> None:
    """Serve until SIGTERM."""
    paths.ROOT_STATE = Path(state)
    runner = Runner(Path(root), Settings.read({"XDG_STATE_HOME": state}), port=0)
    try:
        await runner.start()
        print(json.dumps({"url": runner.url}), flush=True)
        await runner.run_until_stopped()
    finally:
        await runner.stop()


if __name__ == "__main__":
    uvloop.run(run(*sys.argv[1:]))
