"""What the tests of the embedded mode run in other processes."""

import asyncio
import json
import os
import random
import signal
import sys
import threading
from pathlib import Path

from learnflow.local.child import Job
from learnflow.local.forkserver import ForkServer, Spawn
from learnflow.local.paths import listen
from learnflow.local.postgres import EmbeddedPostgres


def tell(job: Job) -> None:
    """Write the facts about this process to the log, as one line of JSON."""
    descriptors = [int(name) for name in os.listdir("/dev/fd")]
    facts = {
        "name": job.name,
        "target": job.target,
        "pid": os.getpid(),
        "session": os.getsid(0),
        "random": random.random(),
        "descriptors": sorted(each for each in descriptors if each > 2 and _is_open(each)),
        "environment": dict(os.environ),
        "term": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
        "child": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
    }
    sys.stdout.write(json.dumps(facts) + "\n")


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:  # the listing's own
        return False
    return True


def echo(job: Job) -> None:
    """Answer each connection with the line it sent."""
    asyncio.run(_echo(job))


async def _echo(job: Job) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(answer, sock=job.sockets[0]) as server:
        await server.serve_forever()


def leave(job: Job) -> int:
    """Exit with the code in the target."""
    return int(job.target)


def fail(job: Job) -> None:
    """Raise."""
    raise ValueError(job.target)


def stay(job: Job) -> None:
    """Stay until somebody ends this process."""
    threading.Event().wait()


async def run(folder: Path) -> None:
    """Be a small runner: print the pids of everything it started, and stay."""
    postgres = EmbeddedPostgres(folder / "state", folder / "sockets")
    await postgres.start()
    light = await ForkServer.start(
        Path.cwd(), log=folder / "log", environment=os.environ, report=print, preload=()
    )
    heavy = await light.fork_server("match", preload=())
    with (folder / "log").open("ab") as log, listen(folder / "sockets" / "i.sock") as sock:
        children = [
            await server.fork(
                Spawn("stay", "", log.fileno(), [sock], entry="tests.local.programs:stay")
            )
            for server in (light, heavy)
        ]
    pids = [postgres.pid, light.pid, heavy.pid, *(child.pid for child in children)]
    sys.stdout.write(json.dumps(pids) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))


def models(job: Job) -> None:
    """Tell which models came parsed, that one predicts here, and what the fork server imported."""
    import numpy as np

    from learnflow.ranking.learned import champion
    from learnflow.ranking.learned.catalogue import NAMES

    rows = np.zeros((5000, len(NAMES)), dtype=np.float32)
    scored = [len(one.model.ranking.scores(rows)) for one in champion._parsed.values()]
    facts = {
        "parsed": list(champion._parsed),
        "scored": scored,
        "threads": len(os.listdir(f"/proc/{os.getppid()}/task")),
        "packages": sorted({name.partition(".")[0] for name in sys.modules}),
    }
    sys.stdout.write(json.dumps(facts) + "\n")
