"""Alembic's environment for tutors_db."""

from db.messaging.migrating import run_migrations
from db.tutors.models import TutorsBase

run_migrations(TutorsBase.metadata)
