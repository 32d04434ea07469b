"""Alembic's environment for students_db."""

from db.messaging.migrating import run_migrations
from db.students.models import StudentsBase

run_migrations(StudentsBase.metadata)
