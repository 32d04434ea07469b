"""The inbox: which events a consumer has applied, so that each is applied at most once."""

from typing import Final

MARK: Final = """
INSERT INTO inbox (consumer, source, event_id) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING true
"""
"""True when the event is new; a concurrent twin waits for the first to commit."""

PRUNE: Final = """
DELETE FROM inbox WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM inbox WHERE heard_at < now() - make_interval(days => $1) LIMIT $2))
"""
