"""Alembic's environment for matching_db."""

from db.messaging.migrating import run_migrations
from db.matching.models import MatchingBase

run_migrations(MatchingBase.metadata)
