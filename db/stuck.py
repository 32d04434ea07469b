"""Liveness without a human (protocol R6): what got stuck is published again, with the same ids.

Each database's `stuck` view names students whose story has stopped for a while. Everything said
about such a student, in all three databases, goes out once more, with back-off, a few times; then
it is an alert in the log.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import asyncpg

from db import outbox
from db.connection import Unavailable, translated

if TYPE_CHECKING:
    from db.relay import RelaySettings

_LOG: Final = logging.getLogger("learnflow.relay")

STUCK: Final = """
SELECT DISTINCT s.student_id, coalesce(r.attempts, 0) AS attempts
  FROM stuck s LEFT JOIN resends r USING (student_id)
 WHERE s.since < now() - make_interval(secs => $1)
   AND coalesce(r.attempts, 0) <= $2 AND coalesce(r.next_at, now()) <= now()
 LIMIT 200
"""
NOTE_RESEND: Final = """
INSERT INTO resends AS r (student_id, attempts, next_at)
SELECT id, 1, now() + make_interval(secs => $2) FROM unnest($1::text[]) AS id
ON CONFLICT (student_id) DO UPDATE SET attempts = r.attempts + 1,
  next_at = now() + make_interval(secs => $2 * power(2, r.attempts))
"""
FORGET: Final = """
DELETE FROM resends r WHERE r.next_at < now() AND NOT EXISTS (
  SELECT FROM stuck s WHERE s.student_id = r.student_id)
"""


class Watch:
    """Looks at the stuck views now and then."""

    def __init__(self, dsns: Mapping[str, str], settings: "RelaySettings") -> None:
        self._dsns = dsns
        self._settings = settings

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until stopped; a database that is away is looked at later."""
        while not stop.is_set():
            try:
                await self.look()
            except Exception as error:
                if not isinstance(translated(error), Unavailable):
                    raise
                _LOG.warning("the stuck views are out of reach: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._settings.stuck_every)

    async def look(self) -> int:
        """Publish again what is due in any database; the number of students."""
        connections = {}
        try:
            for short, dsn in self._dsns.items():
                connections[short] = await asyncpg.connect(dsn, timeout=5)
            return await self._resend(connections)
        finally:
            for connection in connections.values():
                connection.terminate()

    async def _resend(self, connections: Mapping[str, asyncpg.Connection]) -> int:
        due: set[str] = set()
        for short, connection in connections.items():
            rows = await connection.fetch(STUCK, self._settings.stuck_after, self._settings.resends)
            again = [r["student_id"] for r in rows if r["attempts"] < self._settings.resends]
            for row in rows:
                if row["attempts"] == self._settings.resends:
                    _LOG.error("%s: student %s is stuck for good", short, row["student_id"])
            ids = [row["student_id"] for row in rows]
            await connection.execute(NOTE_RESEND, ids, self._settings.stuck_after)
            await connection.execute(FORGET)
            due.update(again)
        if due:
            _LOG.warning("publishing again what was said of %d students", len(due))
            for connection in connections.values():
                await connection.execute(outbox.RESEND, list(due))
                await connection.execute("SELECT pg_notify('outbox', '')")
        return len(due)
