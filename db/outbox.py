"""The outbox: facts that were committed and are to be published."""

from typing import Final

ADD: Final = "INSERT INTO outbox (event_id, type, topic, key, data, traceparent) VALUES"
ROW: Final = "($1::text, $2::text, $3::text, $4::text, $5::text, $6::text)"
WIDTH: Final = 6

TAKE: Final = """
SELECT id, created_at, event_id, type, topic, key, data, traceparent, attempts
  FROM outbox WHERE published_at IS NULL AND parked IS NULL
 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
"""The oldest facts that no other relay holds. Never a cursor over ids: ids are not commit order."""

MARK_PUBLISHED: Final = """
UPDATE outbox o SET published_at = clock_timestamp()
  FROM unnest($1::bigint[], $2::timestamptz[]) AS done(id, created_at)
 WHERE o.id = done.id AND o.created_at = done.created_at
"""

MARK_REFUSED: Final = """
UPDATE outbox o SET attempts = attempts + 1,
       parked = CASE WHEN attempts + 1 >= $4 THEN bad.reason END
  FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS bad(id, created_at, reason)
 WHERE o.id = bad.id AND o.created_at = bad.created_at
"""
"""A row that the bus refuses $4 times is parked with its reason."""

REPUBLISH: Final = """
UPDATE outbox SET published_at = NULL
 WHERE topic = ANY($1::text[]) AND published_at >= $2 AND parked IS NULL
"""
"""Publish again, with the same ids, what these topics have lost since then (P6)."""

RESEND: Final = """
UPDATE outbox SET published_at = NULL
 WHERE key = ANY($1::text[]) AND published_at IS NOT NULL AND parked IS NULL
"""
"""Publish again, with the same ids, what was said about these students (R6)."""
