"""What `learnflow cluster` does on the node, and what the databases then hold."""

import asyncio
import json
import os
import sys
import time
from typing import Any, Final

import asyncpg

from db.roles import SHORT_NAMES
from tests.cluster import node
from tests.cluster.acting import SAID
from tests.cluster.deploy import ROOT
from tests.cluster.story import dsn
from tests.cluster.topics import Topics, groups

TABLES: Final = {
    "students": ("students", "notifications", "inbox", "outbox"),
    "tutors": ("tutors", "bookings", "inbox", "outbox"),
    "matching": ("matches", "inbox", "outbox"),
}
_HELD: Final = "SELECT count(*) FROM {0}"
_ROWS: Final = "SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {0} AS t"
_WAITING: Final = "SELECT count(*) FROM outbox WHERE published_at IS NULL AND parked IS NULL"
_COUNTED: Final = ("inbox", "outbox")


async def learnflow(*arguments: str, seconds: float = 900) -> tuple[int, Any]:
    """Run `learnflow cluster … --json`: its exit code and what it printed. Raises Refused when that
    is no JSON, with what it complained of."""
    program = "from learnflow.cli.app import main; main()"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, "cluster", *arguments, "--json"),
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "FORCE_COLOR"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(seconds):
        said, complained = await process.communicate()
    try:
        return process.returncode or 0, json.loads(said)
    except ValueError:
        raise node.Refused(f"cluster {arguments[0]}: {complained.decode()[-2000:]}") from None


async def quiet(seconds: float = 180.0) -> dict[str, Any]:
    """The status once nothing is under way any more. Raises Refused with what still is."""
    deadline = time.monotonic() + seconds
    while True:
        code, found = await learnflow("status")
        lags = {each["name"]: each["lag"] for each in found["sources"] if each["lag"] != 0}
        if not lags and not await _unpublished():
            return {**found, "code": code}
        if time.monotonic() > deadline:
            raise node.Refused(f"events still flow after {seconds:g} s: {lags}")
        await asyncio.sleep(2)


async def _unpublished() -> int:
    count = 0
    for short in SHORT_NAMES:
        connection = await asyncpg.connect(dsn(short))
        try:
            count += await connection.fetchval(_WAITING)
        finally:
            await connection.close()
    return count


async def held() -> dict[str, str]:
    """What the three databases hold: rows as a sum, of what was heard and said how many."""
    found = {}
    for short in SHORT_NAMES:
        connection = await asyncpg.connect(dsn(short))
        try:
            for table in TABLES[short]:
                asked = _HELD if table in _COUNTED else _ROWS
                found[f"{short}.{table}"] = str(await connection.fetchval(asked.format(table)))
        finally:
            await connection.close()
    return found


async def left() -> list[str]:
    """What there still is of LearnFlow: in the cluster, on its volumes, in Kafka."""
    found = []
    kinds = [f"{kind.lower()}s.{version.partition('/')[0]}" for version, kind in SAID]
    for kind in (*kinds, "namespaces", "persistentvolumes"):
        named = [each["metadata"] for each in node.found(kind, "-A")["items"]]
        found += [f"{kind} {each['name']}" for each in named if _is_ours(each, kind)]
    for kind in ("services", "pods", "secrets"):
        listed = node.items(kind, "kafka")
        found += [f"{kind} {each['metadata']['name']} in kafka" for each in listed]
    found += [f"topic {each}" for each in await Topics(node.KAFKA).present()]
    found += [f"group {each}" for each in await groups(node.KAFKA) if "-on-" in each]
    folder = node.state_folder()
    return found + [f"folder {each}" for each in (folder.iterdir() if folder.is_dir() else ())]


def _is_ours(metadata: dict[str, Any], kind: str) -> bool:
    name, place = str(metadata["name"]), metadata.get("namespace", "")
    if kind == "namespaces":
        return name == node.NAMESPACE
    return name.startswith("learnflow-") if not place else place in {node.NAMESPACE, "kafka"}
