"""Alembic's environment for matching_db."""

from db.matching.models import MatchingBase
from db.messaging.migrating import run_migrations

run_migrations(MatchingBase.metadata)
