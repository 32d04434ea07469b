"""The inbox: which events a consumer has applied, so that each is applied at most once."""

from typing import Final

MARK: Final = "INSERT INTO inbox (consumer, source, event_id) VALUES ($1, $2, $3)"
"""Violates KEY when the event is not new; a concurrent twin waits for the first to commit."""
FIND: Final = "SELECT FROM inbox WHERE consumer = $1 AND source = $2 AND event_id = $3"
"""A row when a committed transaction has applied the event; one still open is not seen."""
WIDTH: Final = 3
KEY: Final = "inbox_pkey"
