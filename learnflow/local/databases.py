"""The databases before anything uses them: made, migrated, emptied if that is asked."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from db.migrate import behind
from db.prepare import prepare_server
from db.roles import SHORT_NAMES, database_of
from learnflow.local.emptying import empty
from learnflow.local.postgres import EmbeddedPostgres
from learnflow.local.progress import StartError

EVENTLOG: Final = "eventlog"


async def prepare_databases(
    postgres: EmbeddedPostgres, dsn: Callable[[str, str], str], *, emptied: bool
) -> None:
    """Make what is missing and migrate what is behind; `dsn` is by short name and duty."""
    await prepare_server(postgres.dsn("postgres"))
    await postgres.ensure([EVENTLOG], [])
    owners = {short: dsn(short, "owner") for short in SHORT_NAMES}
    late = await behind(owners)
    if late:
        await asyncio.to_thread(_migrate, {short: owners[short] for short in late})
    if emptied:
        databases = (*map(database_of, SHORT_NAMES), EVENTLOG)
        await asyncio.gather(*(empty(postgres.dsn(name)) for name in databases))


def _migrate(owners: Mapping[str, str]) -> None:
    """Migrate in a short process of its own: Alembic and SQLAlchemy stay out of the runner."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "db.migrate"],
        input=json.dumps(dict(owners)),
        cwd=Path(__file__).parents[2],
        env=clean,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise StartError(f"The databases could not be migrated:\n{done.stderr.strip()[-2000:]}")
