"""Schemathesis as a process of its own, and what it did."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.contract_fuzz.limits import Limits
from tests.system.harness import REPOSITORY, Embedded

DOCUMENT: Final = REPOSITORY / "docs" / "openapi.json"
MOST_RUNS: Final = 60
CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")


@dataclass(frozen=True)
class Call:
    """One call: what was asked, in which phase, what was answered, and the id of what it made."""

    operation: str
    method: str
    phase: str
    status: int | None
    created: str | None


@dataclass(frozen=True)
class Result:
    """What it found wrong, as people read it with the calls that show it; and all its calls."""

    failed: bool
    printed: str
    calls: tuple[Call, ...]


async def schemathesis(
    system: Embedded, phases: str, limits: Limits, document: Path = DOCUMENT
) -> Result:
    """Run these phases against a system."""
    calls = system.folder / f"calls-{phases}-{limits.seed}.jsonl"
    calls.unlink(missing_ok=True)
    command = ["--config-file", str(CONFIGURATION), "run", str(document), "--url", system.url]
    command += ["--phases", phases, "--max-examples", str(limits.examples)]
    command += ["--seed", str(limits.seed)] if limits.seed is not None else []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *command),
        cwd=REPOSITORY,
        env={**os.environ, "LEARNFLOW_FUZZ_CALLS": str(calls), "PYTHONHASHSEED": "0"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(limits.seconds):
            printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    made = tuple(Call(**json.loads(line)) for line in lines)
    return Result(process.returncode != 0, printed.decode(errors="replace"), made)


async def sequences(system: Embedded, limits: Limits) -> list[Result]:
    """Runs of the stateful phase until there are enough calls, each with another seed.

    A run ends early when what it repeats goes otherwise, as it does where events flow meanwhile.
    """
    results: list[Result] = []
    for number in range(MOST_RUNS):
        seed = None if limits.seed is None else limits.seed + number
        results.append(await schemathesis(system, "stateful", replace(limits, seed=seed)))
        if results[-1].failed or sum(len(one.calls) for one in results) >= limits.sequenced:
            break
    return results
