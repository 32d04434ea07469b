"""A browser's stream of a student, through the ingress and queue-proxy, for ten minutes."""

import asyncio
import time
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout

from tests.cluster import node
from tests.cluster.calling import call

LONGEST_GAP = 20.0
"""Seconds: the heartbeat is 15."""


async def lives(seconds: float) -> str:
    """Watch a student for so long, coming back when the function closes; what was seen. Raises
    Refused when it is cut short or falls silent."""
    student = {"name": "Ada", "subject": "streams", "grade": 7}
    answer = await call("register-student", "POST", "/api/students", student)
    path = answer.json()["links"]["events"]
    url = node.found("ksvc", "watch-student", "-n", node.NAMESPACE)["status"]["url"]
    began, lives, longest = time.monotonic(), [], 0.0
    async with ClientSession(timeout=ClientTimeout(total=None, sock_read=60)) as session:
        while time.monotonic() - began < seconds:
            left = seconds - (time.monotonic() - began)
            lived, gap = await _once(session, urlsplit(url).netloc, path, left)
            lives.append(lived)
            longest = max(longest, gap)
    if longest > LONGEST_GAP:
        raise node.Refused(f"a stream was silent for {longest:.0f} s")
    if any(not 486 <= each <= 594 for each in lives[:-1]):  # 540 s, give or take 10 %
        raise node.Refused(f"a stream was cut: {[round(each) for each in lives]} s")
    shown = ", then ".join(f"{each:.0f} s" for each in lives)
    return f"streams lived for {shown}; never silent for more than {longest:.0f} s"


async def _once(session: ClientSession, host: str, path: str, most: float) -> tuple[float, float]:
    """One connection: how long it lived, and its longest silence."""
    began = last = time.monotonic()
    longest = 0.0
    try:
        async with (
            asyncio.timeout(most),
            session.get(node.EXTERNAL + path, headers={"host": host}) as answer,
        ):
            if answer.status != 200:
                raise node.Refused(f"watch-student answered {answer.status}")
            async for _ in answer.content.iter_any():
                now = time.monotonic()
                longest, last = max(longest, now - last), now
    except TimeoutError:
        pass
    return time.monotonic() - began, longest
