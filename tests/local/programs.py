"""What the tests of the fork server run in forked children, and a runner to be killed."""

import asyncio
import json
import os
import random
import sys
import threading

from learnflow.local.child import Job


def echo(job: Job) -> None:
    """Answer every connection with one line of facts about this process."""
    asyncio.run(_echo(job))


async def _echo(job: Job) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(json.dumps(_facts(job)).encode() + b"\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, sock=job.sockets[0])
    async with server:
        await server.serve_forever()


def _facts(job: Job) -> dict[str, object]:
    descriptors = [int(name) for name in os.listdir("/dev/fd")]
    return {
        "pid": os.getpid(),
        "session": os.getsid(0),
        "target": job.target,
        "random": random.random(),
        "descriptors": sorted(_what(each) for each in descriptors if each > 2),
        "environment": dict(os.environ),
        "modules": sorted(sys.modules),
        "threads": threading.active_count(),
    }


def _what(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return "closed"


def leave(job: Job) -> int:
    """Exit with the code in the target."""
    sys.stdout.write(f"{job.name} leaves\n")
    return int(job.target)


def fail(job: Job) -> None:
    """Raise."""
    raise ValueError(job.target)


def wait(job: Job) -> None:
    """Stay until somebody ends this process."""
    threading.Event().wait()
