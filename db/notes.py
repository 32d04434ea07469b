"""Notifications as watchers read them."""

from dataclasses import dataclass
from typing import Final

from db.unit_of_work import Unit

READ_NOTES: Final = """
SELECT seq, kind, data FROM notifications
 WHERE recipient_id = $1 AND seq > $2::bigint ORDER BY seq LIMIT $3
"""
"""A Last-Event-ID may be any number of 64 bits."""


@dataclass(frozen=True, slots=True)
class Note:
    """One notification: its place in the recipient's sequence, its kind, its data as JSON."""

    seq: int
    kind: str
    data_json: str


async def read_notes(work: Unit, recipient_id: str, after_seq: int, limit: int) -> list[Note]:
    """The recipient's notifications after a sequence number, in order."""
    rows = await work.read(READ_NOTES, recipient_id, after_seq, limit)
    return [Note(row["seq"], row["kind"], row["data"]) for row in rows]
