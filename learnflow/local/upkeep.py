"""Upkeep in the embedded mode: what the cluster's CronJob does daily, done here while it runs."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from db.maintain import Upkeep, maintain

EVERY_SECONDS: Final = 3600.0
RETRY_SECONDS: Final = 60.0
"""A lock that was missed, or a database that was away, is tried again soon."""


async def keep_up(dsns: Mapping[str, str], report: Callable[[str], None]) -> None:
    """Maintain the databases (`*_maintainer` addresses) at once and then hourly, for ever."""
    while True:
        done = await maintain(dsns)
        for sentence in worth_saying(done):
            report(sentence)
        await asyncio.sleep(RETRY_SECONDS if done.failed else EVERY_SECONDS)


def worth_saying(done: Upkeep) -> list[str]:
    """A sentence for each thing that should not have been; nothing when all went well."""
    found = [
        f"{step.database}_db: {step.rows} rows had fallen into {step.what} and were moved:"
        " partitions were not made in time."
        for step in done.findings
    ]
    failed = [f"{short}_db was not maintained: {why}" for short, why in done.failed.items()]
    return [*found, *failed]
