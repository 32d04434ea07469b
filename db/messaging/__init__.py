"""Tables that every database has: outbox, inbox, idempotency keys, resends."""
