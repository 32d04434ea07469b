"""matching_db: models, store (named queries) and migrations."""
